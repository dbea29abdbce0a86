"""Steps that wait for what `spawn` has started: its end, or a file that says how far it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hitless.errors import SandboxError
from hitless.units import parse_duration_s

if TYPE_CHECKING:
    from hitless.lab.stage import Stage

__all__ = ["VERBS"]


def await_file(stage: Stage, path: str, timeout: str = "15s") -> None:
    """Wait until a file is there, which must come: `await-file PATH [15s]`; observes nothing."""
    if not stage.until(Path(path).exists, timeout_s=parse_duration_s(timeout)):
        raise SandboxError(f"{path} is not there after {timeout}")


def await_end(stage: Stage, name: str, timeout: str = "15s") -> None:
    """Wait until what `spawn` has started ends by itself: `await-end NAME [15s]`.

    Observes `NAME.ended`: whether it did.
    """
    if name not in stage.processes:
        raise SandboxError(f"nothing was started under the name {name!r}")
    process = stage.processes[name]
    ended = stage.until(lambda: process.poll() is not None, timeout_s=parse_duration_s(timeout))
    stage.observe(f"{name}.ended", ended)


VERBS = {"await-file": await_file, "await-end": await_end}
