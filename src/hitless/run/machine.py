"""When HAProxy is started, reloaded, started again, stopped: events in, commands out. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hitless.run.options import RunOptions

__all__ = [
    "Accepting",
    "Asked",
    "Command",
    "Do",
    "Ended",
    "Event",
    "Machine",
    "NotReady",
    "Phase",
    "Ready",
    "Reloaded",
    "Tick",
    "Wish",
    "exit_code",
]

_STEADY_S = 10.0
"""Who served so long begins anew: its end is followed by a start at once."""
_FIRST_DELAY_S = 0.1
_LONGEST_DELAY_S = 10.0
_KILL_S = 2.0
"""After SIGTERM."""
_CUT_STATUS = 143
"""As HAProxy itself ends by SIGTERM."""


class Phase(StrEnum):
    """Where it stands."""

    STARTING = "starting"
    SERVING = "serving"
    WAITING = "waiting"
    """For the next start."""
    STOPPING = "stopping"
    OVER = "over"


class Wish(StrEnum):
    """What somebody asks for, by a signal."""

    RELOAD = "reload"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Ready:
    """It is proven to serve."""


@dataclass(frozen=True, slots=True)
class NotReady:
    """It could not be proven to serve in time."""

    why: str


@dataclass(frozen=True, slots=True)
class Accepting:
    """Whether some process of HAProxy listens: a master may live on without a worker."""

    some: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """HAProxy has ended: an exit status, less than 0 for a signal. While stopping: all of its processes have."""

    status: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A signal."""

    wish: Wish


@dataclass(frozen=True, slots=True)
class Reloaded:
    """A reload is over."""

    taken_over: bool
    text: str


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


Event = Ready | NotReady | Accepting | Ended | Asked | Reloaded | Tick


class Do(StrEnum):
    """What the driver is to do."""

    START = "start"
    """Start HAProxy, with the sockets that are held."""
    AWAIT_READY = "await-ready"
    RELOAD = "reload"
    TAKE = "take"
    """Take duplicates of its listening sockets."""
    CLOSE = "close"
    """Close those."""
    SOFT_STOP = "soft-stop"
    TERMINATE = "terminate"
    KILL = "kill"
    SAY = "say"
    NOTIFY = "notify"
    EXIT = "exit"


@dataclass(frozen=True, slots=True)
class Command:
    """`text` of SAY and NOTIFY, `status` of EXIT."""

    do: Do
    text: str = ""
    status: int = 0


def exit_code(status: int) -> int:
    """Return an exit status as a shell says it: 128 and the signal for one that was killed."""
    return 128 - status if status < 0 else status


def _say(text: str) -> Command:
    return Command(Do.SAY, text)


def _notify(*lines: str) -> Command:
    return Command(Do.NOTIFY, "\n".join(lines))


@dataclass(slots=True)
class Machine:
    """One run. `handle` takes an event and returns what is to be done; `deadline` is when it wants a Tick.

    Times are of one monotonic clock, in seconds.
    """

    options: RunOptions
    phase: Phase = Phase.STARTING
    reloading: bool = False
    _wants_reload: bool = False
    _served: bool = False
    """It has served at least once."""
    _failures: int = 0
    """Ends in a row without a steady service before."""
    _served_at: float = 0.0
    _ended_at: float | None = None
    """Since when nobody serves."""
    _start_at: float | None = None
    _cut_at: float | None = None
    _close_at: float | None = None
    """When nobody has accepted on the held sockets for too long."""
    _closed: bool = False
    _cut: bool = False

    @property
    def deadline(self) -> float | None:
        """When something is due, if something is."""
        return min((t for t in (self._start_at, self._cut_at, self._close_at) if t is not None), default=None)

    def begin(self) -> list[Command]:
        """Return the first commands."""
        return [Command(Do.START), Command(Do.AWAIT_READY)]

    def handle(self, event: Event, now: float) -> list[Command]:
        """Return what is to be done now, in order."""
        if self.phase is Phase.OVER:
            return []
        match event:
            case Ready():
                found = self._take_ready(now)
            case NotReady():
                again = self.phase is Phase.STARTING
                text = f"HAProxy is not ready: {event.why}"
                found = [_say(text), Command(Do.AWAIT_READY)] if again else []
            case Ended():
                found = self._take_end(event.status, now)
            case Reloaded():
                found = self._take_reloaded(event)
            case Asked():
                found = self._take_stop(now) if event.wish is Wish.STOP else self._take_reload_wish()
            case Accepting():
                self._note_accepting(some=event.some, now=now)
                found = []
            case Tick():
                found = self._take_time(now)
        return found

    def _note_accepting(self, *, some: bool, now: float) -> None:
        if some:
            self._close_at, self._closed = None, False
        elif self._close_at is None and not self._closed:
            self._close_at = now + self.options.hold_s

    def _take_ready(self, now: float) -> list[Command]:
        if self.phase is not Phase.STARTING:
            return []
        self.phase, self._served, self._served_at = Phase.SERVING, True, now
        self._note_accepting(some=True, now=now)
        text = "HAProxy is proven to serve"
        if self._ended_at is not None:
            text += f" again, {now - self._ended_at:.2f} s after it had ended"
            self._ended_at = None
        return [
            Command(Do.TAKE),
            _notify("READY=1", "STATUS=Serving."),
            _say(text),
            *self._reload_if_wanted(),
        ]

    def _take_end(self, status: int, now: float) -> list[Command]:
        if self.phase is Phase.STOPPING:
            return self._exit(_CUT_STATUS if self._cut else 0)
        how = f"HAProxy ended by signal {-status}" if status < 0 else f"HAProxy ended with status {status}"
        if not self._served:
            return [_say(f"{how} and has never served"), *self._exit(exit_code(status) or 1)]
        if status == 0 and self.phase is Phase.SERVING:
            return [_say("HAProxy was stopped by somebody else"), _notify("STOPPING=1"), *self._exit(0)]
        steady = self.phase is Phase.SERVING and now - self._served_at >= _STEADY_S
        self._failures = 0 if steady else self._failures + 1
        self._ended_at = now if self._ended_at is None else self._ended_at
        if self._failures > self.options.restarts:
            return [
                _say(f"{how}, {self._failures} times in a row: giving up"),
                *self._exit(exit_code(status) or 1),
            ]
        self._note_accepting(some=False, now=now)
        if self._failures <= 1:
            self.phase = Phase.STARTING
            return [_say(f"{how}: it is started again"), *self.begin()]
        delay_s = min(_FIRST_DELAY_S * 2 ** (self._failures - 2), _LONGEST_DELAY_S)
        self.phase, self._start_at = Phase.WAITING, now + delay_s
        return [
            _say(f"{how}: it is started again in {delay_s:g} s"),
            _notify("STATUS=Waiting to start again."),
        ]

    def _take_reload_wish(self) -> list[Command]:
        if self.phase is Phase.STOPPING:
            return []
        if self.phase is Phase.WAITING:  # what made it fail may just have been mended
            self.phase, self._start_at = Phase.STARTING, None
            return self.begin()
        self._wants_reload = True
        return self._reload_if_wanted()

    def _reload_if_wanted(self) -> list[Command]:
        if not self._wants_reload or self.reloading or self.phase is not Phase.SERVING:
            return []
        self._wants_reload, self.reloading = False, True
        return [_notify("RELOADING=1", "STATUS=Reloading."), Command(Do.RELOAD)]

    def _take_reloaded(self, event: Reloaded) -> list[Command]:
        self.reloading = False
        if self.phase is not Phase.SERVING:
            return [_say(event.text)]
        status = "STATUS=Serving." if event.taken_over else f"STATUS=Reload failed: {event.text}"
        return [_say(event.text), Command(Do.TAKE), _notify("READY=1", status), *self._reload_if_wanted()]

    def _take_stop(self, now: float) -> list[Command]:
        if self.phase is Phase.STOPPING:
            self._cut_at = now
            return self._take_time(now)
        idle = self.phase is Phase.WAITING
        self.phase, self._start_at, self._close_at = Phase.STOPPING, None, None
        leave = [Command(Do.CLOSE), _notify("STOPPING=1", "STATUS=Stopping.")]
        if idle:
            return [*leave, *self._exit(0)]
        self._cut_at = now + self.options.stop_s
        text = f"stopping: connections have {self.options.stop_s:g} s to end"
        return [*leave, _say(text), Command(Do.SOFT_STOP)]

    def _take_time(self, now: float) -> list[Command]:
        found: list[Command] = []
        if self._start_at is not None and now >= self._start_at:
            self.phase, self._start_at = Phase.STARTING, None
            found += self.begin()
        if self._close_at is not None and now >= self._close_at:
            self._close_at, self._closed = None, True
            text = f"nobody has accepted connections for {self.options.hold_s:g} s: clients are refused from now on"
            found += [_say(text), Command(Do.CLOSE)]
        if self._cut_at is not None and now >= self._cut_at:
            found.append(Command(Do.KILL if self._cut else Do.TERMINATE))
            self._cut, self._cut_at = True, now + _KILL_S
        return found

    def _exit(self, status: int) -> list[Command]:
        self.phase, self._start_at, self._cut_at, self._close_at = Phase.OVER, None, None, None
        return [Command(Do.CLOSE), Command(Do.EXIT, status=status)]
