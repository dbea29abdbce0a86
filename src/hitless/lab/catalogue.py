"""The scenarios that there are: read from files, found by code or name, chosen by version and mode."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from hitless.errors import UsageError
from hitless.lab.scenario import parse_scenario
from hitless.labs import ScenarioEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from importlib.resources.abc import Traversable

    from hitless.lab.scenario import Scenario

__all__ = [
    "entry",
    "find_scenarios",
    "read_scenario_file",
    "reasons_without",
    "scenarios",
    "scenarios_of_rule",
]

SIZE_LIMIT_BYTES = 256 * 1024


@cache
def scenarios() -> tuple[Scenario, ...]:
    """Return every scenario of the lab, in the order of codes.

    Raises: UsageError if one cannot be read, or two have one name.
    """
    found = [parse_scenario(file.read_text(encoding="utf-8"), file.name) for file in _files()]
    names = [scenario.identity for scenario in found]
    if len(set(names)) != len(names):
        raise UsageError(f"two scenarios have one name: {min(n for n in names if names.count(n) > 1)}")
    return tuple(sorted(found, key=lambda scenario: (scenario.code, scenario.name)))


def _files() -> Iterator[Traversable]:
    for file in files("hitless.lab").joinpath("scenarios").iterdir():
        if file.name.endswith(".toml"):
            yield file


def reasons_without() -> dict[str, str]:
    """Return the rules that no scenario proves, by code, and why: they are not about live behaviour."""
    reasons: dict[str, str] = {}
    for file in files("hitless.lab").joinpath("without").iterdir():
        if file.name.endswith(".toml"):
            reasons |= tomllib.loads(file.read_text(encoding="utf-8"))
    return reasons


def read_scenario_file(path: str) -> Scenario:
    """Return a scenario of the user's own.

    Raises: UsageError.
    """
    try:
        with Path(path).open("rb") as file:
            text = file.read(SIZE_LIMIT_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    if len(text) > SIZE_LIMIT_BYTES:
        raise UsageError(f"{path} is too large for a scenario.")
    try:
        return parse_scenario(text.decode("utf-8"), path)
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no scenario: it is not UTF-8.") from error


def find_scenarios(wanted: Iterable[str]) -> tuple[Scenario, ...]:
    """Return the scenarios that were asked for: by code, family ("HL5"), name, or the path of a file.

    Raises: UsageError if there is none of that name.
    """
    found: list[Scenario] = []
    for word in wanted:
        if word.endswith(".toml") or "/" in word:
            found.append(read_scenario_file(word))
            continue
        matching = [one for one in scenarios() if _matches(one, word)]
        if not matching:
            raise UsageError(
                f"There is no scenario {word!r}.",
                hint="`hitless lab list` shows what there is; a file of your own is named by its path (….toml).",
            )
        found += matching
    return tuple({scenario.identity: scenario for scenario in found}.values())


def _matches(scenario: Scenario, word: str) -> bool:
    upper = word.upper()
    if upper.startswith("HL") and upper[2:].isdecimal():
        codes = (scenario.code, *scenario.rules) if len(upper) == 5 else (scenario.code,)
        return any(code == upper or (len(upper) == 3 and code.startswith(upper)) for code in codes)
    return word in {scenario.name, scenario.identity}


def scenarios_of_rule(code: str) -> tuple[Scenario, ...]:
    """Return the scenarios that prove a rule of the audit: it fires there when broken, and not when fixed."""
    return tuple(scenario for scenario in scenarios() if code in scenario.rules)


def entry(scenario: Scenario) -> ScenarioEntry:
    """Return a scenario as the list shows it."""
    return ScenarioEntry(
        code=scenario.code,
        name=scenario.name,
        title=scenario.title,
        truth=scenario.truth.strip(),
        versions=scenario.versions,
        holds=scenario.holds,
        modes=scenario.modes,
        needs=scenario.needs,
        rules=scenario.rules,
        smoke=scenario.smoke,
    )
