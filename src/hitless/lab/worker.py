"""`python -m hitless.lab.worker`: runs one variant after the other, as it is told on standard input.

A run begins with its sandbox's parent-death signal bound to the thread that starts it, and with the kernel's trace in a
process: several at once are several of these.
"""

import contextlib
import os
import signal
import sys
from pathlib import Path
from types import FrameType

import msgspec

from hitless.errors import ExitCode, Interrupted
from hitless.lab.plan import Case
from hitless.lab.run import run_variant
from hitless.labs import VariantResult
from hitless.prove.protocol import Message, Progress
from hitless.records import Record
from hitless.sandbox.syscalls import set_parent_death_signal

__all__ = ["Done", "Task", "Told", "main"]

LINE_LIMIT_BYTES = 8 * 1024 * 1024


class Task(msgspec.Struct, frozen=True):
    """One variant to be run; `bundle` is where its evidence is kept, "" for nowhere."""

    case: Case
    variant: str
    bundle: str = ""


class Told(Record, frozen=True, tag=True):
    """What a run is doing."""

    text: str


class Done(Record, frozen=True, tag=True):
    """What came of it."""

    result: VariantResult


def main() -> int:
    """Run what is asked for until standard input ends."""
    set_parent_death_signal(signal.SIGTERM)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for hitless, which then tells us
    signal.signal(signal.SIGTERM, _interrupt)
    with contextlib.suppress(KeyboardInterrupt, Interrupted, BrokenPipeError):
        while line := sys.stdin.buffer.readline(LINE_LIMIT_BYTES):
            task = msgspec.json.decode(line, type=Task)
            bundle = Path(task.bundle) if task.bundle else None
            _say(Done(result=run_variant(task.case, task.variant, _show, bundle=bundle)))
        return ExitCode.CLEAN
    return ExitCode.INTERRUPTED


def _interrupt(number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # taking down must not be cut short
    raise KeyboardInterrupt


def _show(message: Message) -> None:
    if isinstance(message, Progress):
        _say(Told(text=message.detail or message.stage))


def _say(message: Told | Done) -> None:
    line = msgspec.json.encode(message) + b"\n"
    while line:
        line = line[os.write(1, line) :]


if __name__ == "__main__":
    sys.exit(main())
