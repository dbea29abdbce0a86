"""Each load of a configuration, as the master's messages tell it: asked for, worker made, loaded or given up."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from hitless.evidence.haproxy_messages import MessageKind
from hitless.logged import LinePlace, Moment, OwnMessage
from hitless.units import NANOSECONDS_PER_SECOND

__all__ = ["Attempt", "read_attempts"]

_K = MessageKind
_BURST_NS = 2 * NANOSECONDS_PER_SECOND
_REASONS = frozenset({_K.CONFIG_ERROR, _K.CANNOT_BIND, _K.START_FAILED, _K.LIMIT})
_MOST_PLACES = 8


@dataclass(slots=True)
class Attempt:
    """One load of a configuration. `reload` False: the start of a master."""

    master: int
    asked: Moment
    reload: bool
    stated: bool = True
    """The master itself says so; False: only lines "Proxy … started" (up to 2.3) show it."""
    new_pids: list[int] = field(default_factory=list)
    proxies: set[str] = field(default_factory=set)
    """Those that it said to start."""
    ended: Moment | None = None
    failed: bool = False
    reasons: list[str] = field(default_factory=list)
    unbound: bool = False
    """An address could not be bound."""
    untransferred: bool = False
    """The new process could not fetch the listening sockets from the old one."""
    places: list[LinePlace] = field(default_factory=list)

    def show(self, message: OwnMessage) -> None:
        """Take a message for one of those that show the attempt."""
        if len(self.places) < _MOST_PLACES:
            self.places.append(message.place)


def read_attempts(messages: Iterable[OwnMessage]) -> list[Attempt]:
    """Return the attempts in order, of messages in order of time."""
    reader = _Reader()
    for message in messages:
        reader.take(message)
    return reader.attempts


class _Reader:
    def __init__(self) -> None:
        self.attempts: list[Attempt] = []
        self._of_master: dict[int, Attempt] = {}
        self._quiet_since_failure: set[int] = set()

    def take(self, message: OwnMessage) -> None:
        kind = message.kind
        if kind is _K.RELOADING:
            self._ask(message)
            return
        self._quiet_since_failure.discard(message.pid)
        if kind is _K.NEW_WORKER:
            attempt = self._current(message) or self._open(message, reload=False)
            attempt.show(message)
            if message.subject.isdecimal():
                attempt.new_pids.append(int(message.subject))
        elif kind is _K.PROXY_STARTED:
            known = message.pid in self._of_master
            found = self._current(message) if self._near(message) else None
            if found is not None and message.subject in found.proxies:
                found = None  # it starts once in each load
            attempt = found or self._open(message, reload=known, stated=False)
            attempt.show(message)
            attempt.proxies.add(message.subject)
        elif kind in {_K.LOADED, _K.LOAD_FAILED}:
            self._end(message)
        elif kind in _REASONS or kind is _K.SOCKETS_NOT_TRANSFERRED:
            self._explain(message)

    def _ask(self, message: OwnMessage) -> None:
        if message.pid in self._quiet_since_failure and message.text.startswith("Reexecuting"):
            self._quiet_since_failure.discard(message.pid)
            return  # up to 2.4 the master re-executes itself once more when a load has failed
        self._quiet_since_failure.discard(message.pid)
        attempt = self._current(message)
        if attempt is not None and not attempt.stated and not attempt.new_pids:
            attempt.stated, attempt.reload = True, True
            attempt.show(message)
            return
        self._open(message, reload=True)

    def _open(self, message: OwnMessage, *, reload: bool, stated: bool = True) -> Attempt:
        attempt = Attempt(message.pid, message.at, reload, stated)
        attempt.show(message)
        self._of_master[message.pid] = attempt
        self.attempts.append(attempt)
        return attempt

    def _current(self, message: OwnMessage) -> Attempt | None:
        """Return what the master is at, or has just done: lines of one load may come in any order."""
        attempt = self._of_master.get(message.pid)
        if attempt is None or (attempt.ended is not None and not self._near(message)):
            return None
        if attempt.failed or (attempt.new_pids and not self._near(message)):
            return None
        return attempt

    def _near(self, message: OwnMessage) -> bool:
        attempt = self._of_master.get(message.pid)
        if attempt is None:
            return False
        since = attempt.ended or attempt.asked
        return message.at.t_ns - since.latest_ns <= _BURST_NS

    def _end(self, message: OwnMessage) -> None:
        attempt = self._of_master.get(message.pid)
        if attempt is None or attempt.ended is not None:
            attempt = self._open(message, reload=True)
        attempt.ended = message.at
        attempt.failed = message.kind is _K.LOAD_FAILED
        attempt.show(message)
        if attempt.failed:
            self._quiet_since_failure.add(message.pid)

    def _explain(self, message: OwnMessage) -> None:
        """Take a reason: it comes from the master up to 3.0, from the new worker since 3.1."""
        attempt = self._of_master.get(message.pid)
        if attempt is None or attempt.ended is not None:
            open_ones = [a for a in reversed(self.attempts) if a.ended is None]
            attempt = open_ones[0] if open_ones else None
        if attempt is None:
            return
        attempt.show(message)
        if message.kind is _K.SOCKETS_NOT_TRANSFERRED:
            attempt.untransferred = True
        else:
            attempt.reasons.append(message.text[:1000])
            attempt.unbound |= message.kind in {_K.CANNOT_BIND, _K.START_FAILED}
