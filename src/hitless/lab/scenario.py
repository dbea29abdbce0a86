"""A scenario: one cause, as data. What is set up, what is done, and what must be seen, broken and fixed. Pure.

The format is documented in docs/scenarios.md; the files are in `hitless/lab/scenarios/`.
"""

from __future__ import annotations

import re
import shlex
import string
import tomllib
from typing import TYPE_CHECKING

import msgspec

from hitless.errors import UsageError
from hitless.lab.conditions import Condition, parse_condition
from hitless.records import Workload

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "CODE",
    "STAGE_WORDS",
    "VARIANTS",
    "Claim",
    "File",
    "LoadSettings",
    "Scenario",
    "Step",
    "Variant",
    "covers",
    "parse_scenario",
    "parse_step",
]

CODE = re.compile(r"HL[1-8]\d\d")
STAGE_WORDS = ("cfg", "haproxy", "mode", "version")
"""Placeholders that the stage fills in: paths of the configuration and the program, what is tried."""
VARIANTS = ("broken", "fixed")
"""The two runs of a scenario, in this order."""
_MODES = frozenset({"master-worker", "classic"})
_VERSIONS = re.compile(r"(\d+\.\d+)?(-)?(\d+\.\d+)?")
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class Data(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a scenario's file."""


class LoadSettings(Data, frozen=True):
    """The clients of the step `load`. Times in seconds, rates per second."""

    url: str = "http://127.0.0.1:8080/"
    workloads: tuple[Workload, ...] = (Workload.CONNECT, Workload.KEEPALIVE)
    connections: int = 20
    rate_per_s: float = 100.0
    full_rate: bool = False
    """New connections as fast as they are answered, with the accept queue kept from running empty."""
    reloads: int = 1
    further_reloads: int = 0
    """Where harm is a matter of chance: so many more of the broken variant, in close succession, until a client has
    been hurt. The fixed one has `reloads`, and the bound that they allow."""
    control_s: float = 1.0
    spacing_s: float = 1.0
    settle_s: float = 1.0


class File(Data, frozen=True):
    """A file that is there before the first step."""

    text: str
    mode: str = "0644"
    owner: str = "root"


class Claim(Data, frozen=True):
    """A piece of advice in circulation, and what must be seen for it to be true."""

    text: str
    true_if: dict[str, str]
    variant: str = "broken"
    says: str = ""
    """What is so instead, or what to know beside it; one sentence."""


class Variant(Data, frozen=True):
    """One of the two runs: what is put into the placeholders, what is done, what must be seen."""

    words: dict[str, str] = {}
    """Values for `${name}` in the configuration, the files, the steps and the address of the clients."""
    steps: tuple[str, ...] = ()
    """Instead of the scenario's."""
    reload: tuple[str, ...] = ()
    """Instead of the scenario's."""
    expect: dict[str, str] = {}


class Scenario(Data, frozen=True):
    """One file. Placeholders are not filled in yet: `variant_of` does that."""

    code: str
    name: str
    """Small letters and hyphens; `CODE-name.toml` is the file's name."""
    title: str
    """What happens where it is broken, in one line."""
    truth: str = ""
    """Where the truth differs from common advice; a sentence or two."""
    rules: tuple[str, ...] = ()
    """The audit's rules that must fire when broken and be silent when fixed; `code` where nothing is given."""
    holds: tuple[str, ...] = ("2.2-",)
    """The versions in which the broken variant breaks: "2.6", "2.4-", "-2.5", "2.2-2.8"."""
    modes: tuple[str, ...] = ("master-worker",)
    versions: tuple[str, ...] = ("2.2-",)
    """The versions on which it can be run at all."""
    needs: tuple[str, ...] = ()
    """"root", "systemd", or the name of a program."""
    smoke: bool = False
    """Belongs to the subset that the project's tests run."""
    repeat: int = 1
    """How often the broken variant may be run until it breaks, where a race decides."""
    addresses: tuple[str, ...] = ()
    """Addresses of the host beside 127.0.0.0/8 and ::1, each with its prefix length."""
    sysctls: dict[str, str] = {}
    configuration: str = ""
    """/etc/haproxy/haproxy.cfg."""
    files: dict[str, File] = {}
    load: LoadSettings = LoadSettings()
    steps: tuple[str, ...] = ("start", "audit", "load")
    reload: tuple[str, ...] = ("reload",)
    """What one reload is made of, while the clients of the step `load` are there."""
    broken: Variant = Variant()
    fixed: Variant = Variant()
    unaffected: dict[str, str] = {}
    """What the broken variant shows in versions in which it does not break; nothing lost where it is empty."""
    claims: tuple[Claim, ...] = ()

    @property
    def identity(self) -> str:
        """What it is called on the command line: "HL501-idle-close-under-clients"."""
        return f"{self.code}-{self.name}"

    def breaks_in(self, version: tuple[int, int]) -> bool:
        """Whether the broken variant breaks in this version."""
        return any(covers(span, version) for span in self.holds)

    def runs_on(self, version: tuple[int, int]) -> bool:
        """Whether it can be run on this version."""
        return any(covers(span, version) for span in self.versions)

    def variant(self, name: str) -> Variant:
        """Return a variant with the scenario's steps where it has none of its own."""
        found = self.broken if name == "broken" else self.fixed
        return msgspec.structs.replace(
            found, steps=found.steps or self.steps, reload=found.reload or self.reload
        )

    def expectations(self, name: str, version: tuple[int, int]) -> dict[str, Condition]:
        """Return what must be seen in one variant on one version; without an own word, that nobody was hurt."""
        if name == "broken" and not self.breaks_in(version):
            wanted = self.unaffected or self._nobody_hurt(name)
        elif name == "broken":
            wanted = self.broken.expect | self._fires(fires=True)
        else:
            wanted = self._nobody_hurt(name) | self._fires(fires=False) | self.fixed.expect
        return {key: parse_condition(text) for key, text in wanted.items()}

    def _nobody_hurt(self, name: str) -> dict[str, str]:
        return {"verdict": "hitless"} if "load" in self.variant(name).steps else {}

    def _fires(self, *, fires: bool) -> dict[str, str]:
        return {f"audit.{code}": str(fires).lower() for code in self.rules}


class Step(msgspec.Struct, frozen=True):
    """One line of a recipe: a verb and its arguments."""

    verb: str
    arguments: tuple[str, ...]


def parse_step(line: str, words: Mapping[str, str]) -> Step:
    """Return a step with its placeholders filled in; what a placeholder stands for is split like the rest.

    Raises: UsageError.
    """
    try:
        verb, *arguments = shlex.split(string.Template(line).substitute(words))
    except (ValueError, KeyError) as error:
        raise UsageError(f"The step {line!r} cannot be read: {error}.") from error
    return Step(verb, tuple(arguments))


def covers(span: str, version: tuple[int, int]) -> bool:
    """Return whether "2.6", "2.4-", "-2.5" or "2.2-2.8" includes this version.

    Raises: UsageError if it is none of these.
    """
    match = _VERSIONS.fullmatch(span)
    if match is None or not (match[1] or match[3]):
        raise UsageError(f"{span!r} says no versions: write 2.6, 2.4-, -2.5 or 2.2-2.8.")
    first, dash, last = match.groups()
    lowest = _number(first) if first else (0, 0)
    highest = _number(last) if last else lowest if not dash else (99, 99)
    return lowest <= version <= highest


def _number(text: str) -> tuple[int, int]:
    major, minor = text.split(".")
    return int(major), int(minor)


def parse_scenario(text: str, source: str) -> Scenario:
    """Return a scenario.

    Raises: UsageError that names the file and what is wrong in it.
    """
    try:
        scenario = msgspec.convert(tomllib.loads(text), Scenario)
        _check(scenario)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UsageError) as error:
        raise UsageError(f"{source} is no scenario: {error}") from error
    return scenario


def _check(scenario: Scenario) -> None:
    """Raise UsageError for what the types alone do not say."""
    if not CODE.fullmatch(scenario.code) or not _NAME.fullmatch(scenario.name):
        raise UsageError(
            f"{scenario.identity!r}: a code is HL101 to HL899, a name small letters and hyphens."
        )
    if not scenario.modes or not _MODES.issuperset(scenario.modes):
        raise UsageError(f"modes are {' and '.join(sorted(_MODES))}.")
    for span in (*scenario.holds, *scenario.versions):
        covers(span, (0, 0))
    if not scenario.broken.expect and scenario.holds:
        raise UsageError("[broken] expects nothing: a check that cannot fail.")
    for name in VARIANTS:
        variant = scenario.variant(name)
        for line in (*variant.steps, *variant.reload):
            parse_step(line, dict.fromkeys(STAGE_WORDS, "x") | variant.words)
        for condition in variant.expect.values():
            parse_condition(condition)
    for claim in scenario.claims:
        if claim.variant not in VARIANTS or not claim.true_if:
            raise UsageError(f"the claim {claim.text!r} names no variant, or no condition.")
