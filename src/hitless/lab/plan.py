"""What is to be run, what the child that runs it is told, and what it tells beside the run itself."""

import msgspec

from hitless.lab.conditions import Value
from hitless.lab.haproxies import Haproxy
from hitless.lab.scenario import Scenario
from hitless.prove.protocol import ProvePlan
from hitless.records import Record

__all__ = ["OBSERVATIONS_FILE", "Case", "LabPlan", "Observations"]

OBSERVATIONS_FILE = "observations.json"
"""In the bundle's directory, written by the child as the last of what it does."""


class Case(Record, frozen=True):
    """A scenario on one HAProxy in one mode."""

    scenario: Scenario
    haproxy: Haproxy
    mode: str
    others: dict[str, str]
    """Every HAProxy that is here, by branch."""


class LabPlan(Record, frozen=True):
    """One variant of one scenario on one HAProxy in one mode."""

    scenario: Scenario
    variant: str
    mode: str
    version: tuple[int, int]
    haproxy: str
    prove: ProvePlan
    others: dict[str, str] = msgspec.field(default_factory=dict)
    """Paths of other versions that are here, by "2.6": for upgrades."""


class Observations(Record, frozen=True):
    """What the steps saw, by name, and what was done, line by line, for who wants to do it by hand."""

    seen: dict[str, Value] = msgspec.field(default_factory=dict)
    done: tuple[str, ...] = ()
