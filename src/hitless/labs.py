"""What the lab found: scenarios by version and mode, broken and fixed, and what becomes of common advice.

`hitless lab run --format json` prints a `LabReport`: docs/json-schema/lab-1.json. Keys are kept within schema 1: new
ones may come, none goes or changes its meaning.
"""

from enum import StrEnum

import msgspec

__all__ = [
    "SCHEMA",
    "Absent",
    "ClaimResult",
    "HAProxyHere",
    "LabReport",
    "ScenarioEntry",
    "ScenarioResult",
    "Status",
    "VariantResult",
]

SCHEMA = 1


class LabRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the report: all keys are written."""


class Status(StrEnum):
    """What came of a run."""

    GREEN = "green"
    """Everything that must be seen was seen."""
    RED = "red"
    """Something was seen otherwise."""
    UNKNOWN = "unknown"
    """It could not be run, or not be judged."""


class HAProxyHere(LabRecord, frozen=True):
    """A HAProxy that scenarios ran on. `branch` is "2.8"."""

    branch: str
    version: str
    path: str


class Absent(LabRecord, frozen=True):
    """What was not run, and why: a version that is not installed, a program that is missing, want of rights."""

    what: str
    why: str


class VariantResult(LabRecord, frozen=True):
    """One of the two runs of a scenario."""

    variant: str
    """"broken" or "fixed"."""
    status: Status
    expected: dict[str, str] = {}
    """What must be seen, by the name of the observation."""
    misses: tuple[str, ...] = ()
    """What was not as it must be, each a line."""
    why: str = ""
    """Why it could not be run or judged."""
    verdict: str = ""
    """"hitless", "not-hitless" or "no-verdict"; "" without clients."""
    attempts: int = 0
    lost: dict[str, int] = {}
    """Attempts hurt, by outcome."""
    causes: dict[str, int] = {}
    """Attempts hurt, by the code of the cause that the proof named."""
    gap_ms: float | None = None
    """The longest time without a listening socket; null where it could not be seen, or without clients."""
    bound: float | None = None
    """Upper end of the one-sided 95 % interval of an attempt's probability to be hurt; null without clients."""
    seen: dict[str, bool | int | float | str] = {}
    """Everything that was observed."""
    steps: tuple[str, ...] = ()
    """What was done."""
    runs: int = 1
    """How often it was run: a race is given several chances to show."""
    times: int = 1
    """Of so many, each judged by itself, this is the worst (`--times`)."""
    green_times: int = 0
    """So many of them were green."""
    duration_s: float = 0.0


class ScenarioResult(LabRecord, frozen=True):
    """A scenario on one version in one mode."""

    code: str
    name: str
    title: str
    version: str
    mode: str
    breaks: bool
    """Whether the cause exists in this version: else the broken variant must do no harm."""
    status: Status
    command: str
    """What reproduces it."""
    broken: VariantResult
    fixed: VariantResult


class ClaimResult(LabRecord, frozen=True):
    """A piece of common advice, tried. `holds` is null where the run could not say."""

    text: str
    version: str
    mode: str
    scenario: str
    holds: bool | None
    evidence: str
    """The observations that decide, in one line."""
    says: str = ""
    """What is so instead."""
    command: str = ""


class ScenarioEntry(LabRecord, frozen=True):
    """A scenario as `hitless lab list` shows it."""

    code: str
    name: str
    title: str
    truth: str
    versions: tuple[str, ...]
    holds: tuple[str, ...]
    modes: tuple[str, ...]
    needs: tuple[str, ...]
    rules: tuple[str, ...]
    smoke: bool


class LabReport(LabRecord, frozen=True):
    """A run of the lab."""

    hitless: str
    kernel: str
    schema: int = SCHEMA
    haproxies: tuple[HAProxyHere, ...] = ()
    absent: tuple[Absent, ...] = ()
    results: tuple[ScenarioResult, ...] = ()
    claims: tuple[ClaimResult, ...] = ()
    duration_s: float = 0.0

    @property
    def status(self) -> Status:
        """Red if anything is, unknown if anything is or nothing was run."""
        found = {result.status for result in self.results}
        if Status.RED in found:
            return Status.RED
        return Status.UNKNOWN if Status.UNKNOWN in found or not found else Status.GREEN
