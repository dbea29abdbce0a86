"""Workers that were asked through their master and did not answer: to be asked again only now and then.

A master keeps the connection of whoever asks a worker until that worker has answered, also when the client has long
gone (tried with 2.2, 2.6, 2.8, 3.0, 3.2; HAProxy issue 3351), and it has ten of them for all (the maxconn of its CLI).
The tenth question to a worker that hangs would end the master's CLI, and with it the way to reload.
"""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from hitless.control.errors import CouldNotAsk, NotUnderstood, WasRefused

__all__ = ["Unanswered"]

_FREE = 3
_FACTOR = 4.0
"""After the third unanswered question 4 s pass before the next, then 16, 64, …: the tenth comes after four hours."""


@dataclass(slots=True)
class _Master:
    questions: dict[str, int] = field(default_factory=dict)
    """How many a worker ("@!42") has left unanswered since it last answered."""
    last_s: float = 0.0


class Unanswered:
    """What was asked and not answered, by the address of the master."""

    def __init__(self) -> None:
        self._masters: defaultdict[str, _Master] = defaultdict(_Master)

    @contextmanager
    def question(self, address: str, worker: str) -> Iterator[None]:
        """Put one question within, and keep whether it was answered.

        Raises: CouldNotAsk while this worker must not be asked again.
        """
        master = self._masters[address]
        self._require_turn(master, address, worker)
        try:
            yield
        except CouldNotAsk as error:
            if error.unanswered:
                master.questions[worker] = master.questions.get(worker, 0) + 1
                master.last_s = time.monotonic()
            raise
        except (WasRefused, NotUnderstood):
            master.questions.pop(worker, None)
            raise
        master.questions.pop(worker, None)  # the master has its connections back

    @staticmethod
    def _require_turn(master: _Master, address: str, worker: str) -> None:
        total = sum(master.questions.values())
        if worker not in master.questions or total < _FREE:
            return
        left_s = master.last_s + _FACTOR ** (total - _FREE + 1) - time.monotonic()
        if left_s > 0:
            raise CouldNotAsk(
                f"process {worker.lstrip('@!')} has not answered on {address}: it is asked again in {left_s:.0f} s",
                hint="the master keeps one of its ten CLI connections for each question without an answer",
            )
