"""A stage for the tests of verbs: it keeps what is observed, and waits."""

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, cast

from hitless.lab.conditions import Value
from hitless.lab.stage import Stage

if TYPE_CHECKING:
    from hitless.lab.verbs.clients import HeldClient


class SmallStage:
    """What verbs use of a stage."""

    def __init__(self, stack: ExitStack) -> None:
        self.stack = stack
        self.seen: dict[str, Value] = {}
        self.held: dict[str, list[HeldClient]] = {}
        self.channel = self

    def observe(self, name: str, value: Value) -> None:
        self.seen[name] = value

    @staticmethod
    def wait(timeout_s: float) -> None:
        time.sleep(timeout_s)

    @property
    def stage(self) -> Stage:
        return cast("Stage", self)
