"""Steps that run programs: to their end, in the background, or hitless itself."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

from hitless.errors import SandboxError

if TYPE_CHECKING:
    from hitless.lab.stage import Stage

__all__ = ["VERBS"]

RUN_DEADLINE_S = 60.0


def run(stage: Stage, *words: str) -> None:
    """Run a program to its end: `run [as=NAME] PROGRAM [ARGUMENTS…]`.

    Observes `NAME.status` and `NAME.said` (both outputs); NAME is "run" without an own one. As a step of a reload under
    load it says by its status whether the reload has failed.
    """
    name, command = _named(words, "run")
    done = stage.run(command, timeout_s=RUN_DEADLINE_S)
    stage.observe(f"{name}.status", done.returncode)
    said = f"{done.stdout}{done.stderr}".strip()
    stage.observe(f"{name}.said", said)
    if stage.under_load and done.returncode:
        raise SandboxError(said or f"{command[0]} ended with status {done.returncode}")


def hitless(stage: Stage, *words: str) -> None:
    """Run hitless itself as a user would: `hitless [as=NAME] COMMAND…`; observes as `run` does, NAME is "hitless"."""
    name, command = _named(words, "hitless")
    run(stage, f"as={name}", sys.executable, "-P", "-m", "hitless", *command)


def spawn(stage: Stage, name: str, *command: str) -> None:
    """Start a program that goes on: `spawn NAME PROGRAM [ARGUMENTS…]`."""
    stage.processes[name] = stage.popen(command)


def end(stage: Stage, name: str, number: str = "TERM") -> None:
    """End what `spawn` has started, and wait for its end: `end NAME [SIGNAL]`; observes `NAME.status`."""
    if name not in stage.processes:
        raise SandboxError(f"nothing was started under the name {name!r}")
    process = stage.processes.pop(name)
    process.send_signal(signal.Signals[f"SIG{number}"])
    if not stage.until(lambda: process.poll() is not None):
        raise SandboxError(f"{name} does not end")
    stage.observe(f"{name}.status", process.returncode)


def _named(words: tuple[str, ...], default: str) -> tuple[str, tuple[str, ...]]:
    if words and words[0].startswith("as="):
        return words[0].removeprefix("as="), words[1:]
    return default, words


VERBS = {"run": run, "hitless": hitless, "spawn": spawn, "end": end}
