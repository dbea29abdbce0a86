"""The kernel's own account of a run: resets with direction, state, reason; listening sockets come and gone.

A private trace instance with the clock "mono", which is CLOCK_MONOTONIC. When hitless is killed, a janitor
process removes the instance; when that dies too, `tracefs.sweep_stale_instances` does at the next start.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import msgspec

from hitless.errors import EvidenceError
from hitless.evidence import janitor
from hitless.evidence.model import TraceStatus
from hitless.evidence.trace_events import TraceDecoder, TraceFilter
from hitless.evidence.trace_format import EventFormat, PageFormat, parse_event_format, parse_page_format
from hitless.evidence.trace_reader import READ_INTERVAL_S, TraceReader
from hitless.evidence.tracefs import Instance, open_tracefs
from hitless.records import Event

__all__ = ["FORK", "SEND_RESET", "SET_STATE", "KernelTrace", "TraceCost"]

SEND_RESET, RECEIVE_RESET = "tcp/tcp_send_reset", "tcp/tcp_receive_reset"
SET_STATE = "sock/inet_sock_set_state"
FORK = "sched/sched_process_fork"
"""Tells whose the sockets are that a process opened which has ended."""
_EVENTS = (SEND_RESET, RECEIVE_RESET, SET_STATE, FORK)
_LISTENER_FILTER = "protocol==6 && ((oldstate==10 && newstate==7) || (oldstate==7 && newstate==10))"
"""Only LISTEN to CLOSE and CLOSE to LISTEN; LISTEN to SYN_RECV would be every new connection."""

_MAX_BUFFER_KB, _MIN_BUFFER_KB = 8 * 1024, 256
_MAX_FILTERED_PORTS = 64
_DEFAULT_CAPACITY = 500_000
_JANITOR_TIMEOUT_S = 15.0


@dataclass(frozen=True, slots=True)
class TraceCost:
    """What a trace may cost the machine. As it is, it sees all and loses nothing at a hundred thousand events a second.

    `later` are events that are not seen until `KernelTrace.enable`: the kernel looks at each change of state of each
    connection to find those of listening sockets.
    """

    events: tuple[str, ...] = _EVENTS
    later: frozenset[str] = frozenset()
    read_interval_s: float = READ_INTERVAL_S
    buffer_kb: int = 64 * 1024
    """Of all processors together; each has 256 KB to 8 MB."""


class KernelTrace:
    """A context manager that collects the kernel's events while it is open.

    Where the kernel cannot be traced it opens all the same, collects nothing, and `status` says why. `suffix`
    (small letters) tells several traces of one process apart; `capacity` bounds the events kept until they are drained.
    """

    def __init__(
        self,
        wanted: TraceFilter,
        *,
        suffix: str = "",
        capacity: int = _DEFAULT_CAPACITY,
        cost: TraceCost | None = None,
    ) -> None:
        self._wanted = wanted
        self._cost = cost or TraceCost()
        self._suffix = suffix
        self._capacity = capacity
        self._status = TraceStatus(source="none", why="the trace was not started")
        self._resources = contextlib.ExitStack()
        self._open: tuple[Instance, TraceReader, TraceDecoder] | None = None

    def __enter__(self) -> Self:
        try:
            self._start()
        except EvidenceError as error:
            self._resources.close()
            self._status = TraceStatus(source="counters", why=error.message)
        except BaseException:
            self._resources.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def drain(self) -> list[Event]:
        """Return the events since the last call, in order of time.

        Raises: EvidenceError if the trace broke off midway.
        """
        return [] if self._open is None else self._open[1].drain()

    def enable(self, event: str, *, enabled: bool = True) -> None:
        """See an event from now on that was to come later, or no more. Without a trace, or such an event: nothing.

        Raises: EvidenceError if the kernel refuses.
        """
        if self._open is not None and event not in self._status.missing:
            self._open[0].write(f"events/{event}/enable", "1" if enabled else "0")

    def stop(self) -> list[Event]:
        """End the trace, remove its instance, and return the events that `drain` has not given; again: nothing.

        Raises: EvidenceError if the trace broke off midway or its instance stays.
        """
        with self._resources:
            if self._open is None:
                return []
            instance, reader, decoder = self._open
            self._open = None
            instance.write("tracing_on", "0")
            reader.stop()
            self._status = msgspec.structs.replace(
                self._status, lost_events=reader.lost_events(), resets_by_clients=decoder.resets_by_clients
            )
            return reader.drain()

    def status(self) -> TraceStatus:
        """Return what the trace can see; after `stop`, with what was lost."""
        return self._status

    def _start(self) -> None:
        tracefs = open_tracefs()
        self._resources.callback(os.close, tracefs)
        name = Instance.name_for(os.getpid(), self._suffix)
        self._resources.enter_context(_janitor(tracefs, name))
        instance = Instance(tracefs, name)
        self._resources.callback(instance.close)
        page, formats = _configure(instance, self._wanted, self._cost)
        decoder = TraceDecoder(formats, self._wanted, self._capacity)
        reader = TraceReader(instance, page, decoder, interval_s=self._cost.read_interval_s)
        self._resources.callback(reader.stop)
        reader.start()
        self._open = (instance, reader, decoder)
        missing = tuple(event for event in self._cost.events if _short(event) not in formats)
        self._status = TraceStatus(source="tracefs", missing=missing)


def _configure(
    instance: Instance, wanted: TraceFilter, cost: TraceCost
) -> tuple[PageFormat, dict[str, EventFormat]]:
    """Set clock, size, filters and events; return the layout of the pages and of each event there is."""
    instance.write("trace_clock", "mono")
    size_kb = cost.buffer_kb // max(1, len(instance.processors()))
    instance.write("buffer_size_kb", str(min(_MAX_BUFFER_KB, max(_MIN_BUFFER_KB, size_kb))))
    formats: dict[str, EventFormat] = {}
    for event in (event for event in cost.events if instance.has(f"events/{event}/format")):
        form = formats[_short(event)] = parse_event_format(instance.read(f"events/{event}/format"))
        kernel_filter = _kernel_filter(event, wanted, form)
        if kernel_filter:
            instance.write(f"events/{event}/filter", kernel_filter)
        if event not in cost.later:
            instance.write(f"events/{event}/enable", "1")
    if not formats.keys() - {_short(FORK)}:
        raise EvidenceError("this kernel has none of the trace events " + ", ".join(cost.events))
    return parse_page_format(instance.read("events/header_page")), formats


def _kernel_filter(event: str, wanted: TraceFilter, form: EventFormat) -> str:
    """Return what the kernel can sort out itself. It filters no addresses; from 6.10 tcp_send_reset has no ports."""
    if event == SET_STATE:
        return _LISTENER_FILTER
    ports = sorted(wanted.ports())
    if "sport" not in form.fields or not 0 < len(ports) <= _MAX_FILTERED_PORTS:
        return ""
    sides = ("sport", "dport") if event == SEND_RESET else ("dport",)
    return " || ".join(f"{side}=={port}" for port in ports for side in sides)


def _short(event: str) -> str:
    return event.partition("/")[2]


@contextlib.contextmanager
def _janitor(tracefs: int, name: str) -> Iterator[None]:
    """Have a process at hand that removes the instance when this one was killed."""
    read_end, write_end = os.pipe()
    try:
        own = os.pidfd_open(os.getpid())
        command = [sys.executable, "-I", "-S", janitor.__file__, *map(str, (read_end, own, tracefs)), name]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            pass_fds=(read_end, own, tracefs),
            start_new_session=True,
        )
        os.close(own)
    except OSError as error:
        os.close(write_end)
        raise EvidenceError(f"no janitor for the trace: {error.strerror}") from error
    finally:
        os.close(read_end)
    try:
        yield
    finally:
        os.close(write_end)
        try:
            process.wait(_JANITOR_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
