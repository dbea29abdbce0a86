"""The child's end of the conversation: messages to hitless, events into the bundle, and hitless's word to stop.

Both ends are pipes. When hitless is gone its pipe ends, and the child stops whatever it is waiting for; so it does
when a process that the run cannot do without has ended.
"""

import os
import select
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import msgspec

from hitless.errors import Interrupted
from hitless.prove.protocol import Message, encode_message
from hitless.records import Event

__all__ = ["Channel"]

EVENTS_FILE = "events-run.jsonl"


class Channel:
    """Says things to hitless and waits on its behalf. Safe to use from several threads.

    `output` takes messages, `control` is readable when hitless answers or has gone, `directory` is the bundle's.
    """

    def __init__(self, output: int, control: int, directory: int) -> None:
        self._output = output
        self._control = control
        self._lock = threading.Lock()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        self._events = os.fdopen(os.open(EVENTS_FILE, flags, 0o600, dir_fd=directory), "wb")
        self._encoder = msgspec.json.Encoder()
        self._helpers: dict[int, Callable[[], None]] = {}

    def say(self, message: Message) -> None:
        """Send one message."""
        line = encode_message(message)
        with self._lock:
            while line:
                line = line[os.write(self._output, line) :]

    def emit(self, event: Event) -> None:
        """Keep an event."""
        line = self._encoder.encode(event) + b"\n"
        with self._lock:
            self._events.write(line)

    def ask(self, message: Message, *, timeout_s: float) -> bool:
        """Send a message and wait for hitless's one-byte answer; return whether it came in time.

        Raises: Interrupted if hitless has gone.
        """
        self.say(message)
        return self._read_control(timeout_s)

    def wait(self, seconds: float) -> None:
        """Let time pass.

        Raises: Interrupted if hitless has gone or wants to stop; what `watching` was given to say of a process's end.
        """
        self._read_control(max(0.0, seconds))

    def check(self) -> None:
        """Raise what `wait` raises, if there is reason to."""
        self._read_control(0.0)

    @contextmanager
    def watching(self, process_fds: Iterable[int], check: Callable[[], None]) -> Iterator[None]:
        """While this lasts, the end of one of these processes (pidfds) ends every wait: `check` says how it ended."""
        watched = dict.fromkeys(process_fds, check)
        self._helpers |= watched
        try:
            yield
        finally:
            for descriptor in watched:
                del self._helpers[descriptor]

    def close(self) -> None:
        """Bring the events to disk."""
        with self._lock:
            self._events.flush()
            os.fsync(self._events.fileno())
            self._events.close()

    def _read_control(self, timeout_s: float) -> bool:
        poller = select.poll()  # not select(): descriptors may be above 1023
        for descriptor in (self._control, *self._helpers):
            poller.register(descriptor, select.POLLIN)
        readable = {descriptor for descriptor, _ in poller.poll(timeout_s * 1000)}
        if self._control in readable and not os.read(self._control, 1):
            raise Interrupted("hitless has gone.")
        for descriptor in readable & self._helpers.keys():
            self._helpers[descriptor]()
        return self._control in readable
