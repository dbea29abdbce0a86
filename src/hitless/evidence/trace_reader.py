"""A thread that reads a trace instance's pages as they fill.

By a timer: to poll the ring would have the kernel wake us once for each event.
"""

import os
import threading

from hitless.clock import now_ns
from hitless.errors import EvidenceError
from hitless.evidence.trace_events import TraceDecoder
from hitless.evidence.trace_format import PageFormat
from hitless.evidence.trace_pages import decode_page
from hitless.evidence.tracefs import Instance
from hitless.records import Event

__all__ = ["READ_INTERVAL_S", "TraceReader"]

READ_INTERVAL_S = 0.05
_MAX_PAGES_PER_TURN = 4096
_LOSSES = ("overrun", "commit overrun", "dropped events")


class TraceReader:
    """Reads every CPU of an instance until `stop`; `drain` gives the events so far."""

    def __init__(
        self,
        instance: Instance,
        form: PageFormat,
        decoder: TraceDecoder,
        *,
        interval_s: float = READ_INTERVAL_S,
    ) -> None:
        self._interval_s = interval_s
        self._instance = instance
        self._form = form
        self._decoder = decoder
        self._handlers = decoder.handlers()
        self._missed = 0
        self._failure: EvidenceError | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._descriptors: list[int] = []
        self._thread = threading.Thread(target=self._run, name="hitless-trace", daemon=True)

    def start(self) -> None:
        """Open the CPUs' pages and begin. Raises: EvidenceError."""
        for processor in self._instance.processors():
            self._descriptors.append(self._instance.open_raw(processor))
        self._thread.start()

    def drain(self) -> list[Event]:
        """Return the events since the last call, in order of time.

        Raises: EvidenceError if a page could not be read or understood.
        """
        with self._lock:
            events = self._decoder.take()
            failure = self._failure
        if failure is not None:
            raise failure
        events.sort(key=lambda event: event.t_ns)
        return events

    def stop(self) -> None:
        """Read what is left and close the descriptors. The instance must not trace any more."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors.clear()

    def lost_events(self) -> int:
        """Return how many events the kernel or the decoder had no room for, so far."""
        overwritten = sum(self._read_losses(processor) for processor in self._instance.processors())
        with self._lock:
            return max(overwritten, self._missed) + self._decoder.no_room

    def _read_losses(self, processor: str) -> int:
        lines = self._instance.read(f"{processor}/stats").splitlines()
        values = dict(line.split(": ", 1) for line in lines if ": " in line)
        return sum(int(values.get(name, "0")) for name in _LOSSES)

    def _run(self) -> None:
        try:
            while not self._stopping.wait(self._interval_s):
                begun_ns = now_ns()
                self._read_all()
                self._settle(begun_ns)
            self._read_all()
            self._settle(None)
        except EvidenceError as error:
            self._failure = error
        except OSError as error:
            self._failure = EvidenceError(f"the kernel's trace broke off: {error.strerror}")

    def _settle(self, read_until_ns: int | None) -> None:
        with self._lock:
            self._decoder.settle(read_until_ns)

    def _read_all(self) -> None:
        for descriptor in self._descriptors:
            for _ in range(_MAX_PAGES_PER_TURN):
                try:
                    page = os.read(descriptor, self._form.page_size)
                except BlockingIOError:
                    break
                if not page:
                    break
                with self._lock:
                    self._missed += decode_page(page, self._form, self._handlers)
