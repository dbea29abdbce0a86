"""Ask each frontend its candidate requests, with the same clients that will load it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hitless.attempts import read_attempts
from hitless.load.runner import LoadProcesses
from hitless.prove.requests import NO_ANSWER, choose
from hitless.records import LoadPlan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hitless.prove.channel import Channel
    from hitless.records import Request, Stream

__all__ = ["probe"]

ROUND_S = 0.5
ROUNDS = 8
READY_DEADLINE_S = 10.0
CAPACITY = 50_000


def probe(streams: Sequence[Stream], channel: Channel) -> dict[str, tuple[Request, int]]:
    """Return the best request of each frontend; waits some seconds for frontends that do not answer yet.

    Servers may be down until their first check or name resolution, so a frontend is given up only at the end.

    Raises: LoadError if the clients cannot run; Interrupted.
    """
    best: dict[str, tuple[Request, int]] = {}
    waiting = list(streams)
    for _ in range(ROUNDS):
        for frontend, found in _ask(waiting, channel).items():
            if frontend not in best or found[1] < best[frontend][1]:
                best[frontend] = found
        waiting = [stream for stream in streams if best[stream.target.frontend][1] > _SATISFIED]
        if not waiting:
            break
    return best


_SATISFIED = 3
"""5xx and no answer may still get better; anything else is what the frontend says."""
assert _SATISFIED < NO_ANSWER


def _ask(streams: Sequence[Stream], channel: Channel) -> dict[str, tuple[Request, int]]:
    with tempfile.TemporaryDirectory(prefix="hitless-probe-") as directory:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            with LoadProcesses(LoadPlan(streams=tuple(streams), capacity=CAPACITY), descriptor) as load:
                load.start()
                load.wait_ready(READY_DEADLINE_S)
                channel.wait(ROUND_S)
                load.stop()
        finally:
            os.close(descriptor)
        return choose(streams, read_attempts(Path(directory) / "attempts-0.bin"))
