"""The process that serves now, asked for what only it knows: by its number, never by whoever answers at a path."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from hitless.control.errors import CouldNotAsk
from hitless.control.replies import parse_info
from hitless.control.runtime_api import MasterCli, RuntimeApi
from hitless.errors import ControlError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.control.replies import ProcessInfo
    from hitless.reload.target import Target

__all__ = ["CurrentProcess", "reach_current"]

_QUESTION_S = 2.0
_LIMIT_BYTES = 16 * 1024 * 1024


class CurrentProcess:
    """One process behind one socket; all questions together have until the deadline."""

    def __init__(self, api: RuntimeApi, prefix: str, info: ProcessInfo, deadline_s: float) -> None:
        self._api = api
        self._prefix = prefix
        self._deadline_s = deadline_s
        self.info = info

    @property
    def time_left(self) -> bool:
        """Whether another question makes sense."""
        return time.monotonic() < self._deadline_s

    def ask(self, command: str) -> str:
        """Return the answer to one command.

        Raises: ControlError; ValueError if it is not one command.
        """
        left_s = max(0.001, min(_QUESTION_S, self._deadline_s - time.monotonic()))
        return self._api.ask(f"{self._prefix}{command}", timeout_s=left_s, limit_bytes=_LIMIT_BYTES)


def reach_current(target: Target, *, timeout_s: float) -> CurrentProcess:
    """Return the process that serves now, through the master's CLI or the stats socket that leads to it.

    Raises: CouldNotAsk if none does.
    """
    current = target.current
    if current is None:
        raise CouldNotAsk("no process serves")
    deadline_s = time.monotonic() + timeout_s
    why = "it has no stats socket, and no master with a CLI"
    for api, prefix in _ways(target, current.pid):
        try:
            left_s = max(0.001, min(_QUESTION_S, deadline_s - time.monotonic()))
            info = parse_info(api.ask(f"{prefix}show info", timeout_s=left_s))
        except ControlError as error:
            why = error.message
            continue
        if info.pid == current.pid:
            return CurrentProcess(api, prefix, info, deadline_s)
        why = f"process {info.pid} answers in its place"
    raise CouldNotAsk(f"process {current.pid} could not be asked: {why}")


def _ways(target: Target, pid: int) -> Iterator[tuple[RuntimeApi, str]]:
    if target.master_address:
        yield MasterCli(target.master_address), f"@!{pid} "
    for address in target.stats_addresses:
        yield RuntimeApi(address), ""
