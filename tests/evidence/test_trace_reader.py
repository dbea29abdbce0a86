import os
import threading
from collections.abc import Iterator

import pytest

from hitless.errors import EvidenceError
from hitless.evidence.trace_events import TraceDecoder, TraceFilter
from hitless.evidence.trace_reader import TraceReader
from hitless.evidence.tracefs import Instance
from tests.evidence.kernel import V6_18, build_record, large, page, read_formats, read_page_format, sockaddr

SEND = read_formats(V6_18)["tcp_send_reset"]
STATS = (
    "entries: 0\noverrun: {}\ncommit overrun: 1\nbytes: 7\noldest event ts:     0.000000\ndropped events: 2\n"
)


class FakeInstance(Instance):
    """Two CPUs whose pages come out of pipes."""

    def __init__(self, overrun: int = 0) -> None:
        self.pipes = [os.pipe2(os.O_NONBLOCK) for _ in range(2)]
        self._overrun = overrun

    def processors(self) -> list[str]:
        return ["per_cpu/cpu0", "per_cpu/cpu1"]

    def open_raw(self, processor: str) -> int:
        return os.dup(self.pipes[int(processor[-1])][0])

    def read(self, path: str) -> str:
        assert path.endswith("/stats")
        return STATS.format(self._overrun)

    def fill(self, processor: int, raw: bytes) -> None:
        os.write(self.pipes[processor][1], raw)

    def close(self) -> None:
        for pair in self.pipes:
            for descriptor in pair:
                os.close(descriptor)


@pytest.fixture
def instance() -> Iterator[FakeInstance]:
    fake = FakeInstance(overrun=4452)
    yield fake
    fake.close()


def reader(instance: FakeInstance) -> TraceReader:
    return TraceReader(instance, read_page_format(), TraceDecoder(read_formats(V6_18), TraceFilter(), 100))


def reset_page(t_ns: int, *, flags: int = 0) -> bytes:
    record = build_record(SEND, saddr=sockaddr("192.0.2.1", 80), daddr=sockaddr("198.51.100.7", 1))
    return page(t_ns, large(record), flags=flags)


def test_pages_of_all_processors_come_in_order_of_time(instance: FakeInstance) -> None:
    reading = reader(instance)
    for processor, t_ns in ((0, 30), (0, 50), (1, 20), (1, 40)):
        instance.fill(processor, reset_page(t_ns))
    reading.start()
    reading.stop()
    assert [event.t_ns for event in reading.drain()] == [20, 30, 40, 50]
    assert reading.drain() == []
    assert not any(thread.name == "hitless-trace" for thread in threading.enumerate())


def test_what_the_kernel_lost_is_the_sum_over_processors(instance: FakeInstance) -> None:
    assert reader(instance).lost_events() == 2 * (4452 + 1 + 2)


def test_a_page_that_says_that_events_were_lost_counts_where_the_sums_are_silent() -> None:
    fake = FakeInstance(overrun=-3)
    reading = reader(fake)
    fake.fill(0, reset_page(1, flags=1 << 31))
    reading.start()
    reading.stop()
    assert reading.lost_events() == 1
    fake.close()


def test_a_trace_that_cannot_be_understood_is_no_silence(instance: FakeInstance) -> None:
    reading = reader(instance)
    instance.fill(0, page(1, b"\1\0\0\0")[:12])
    reading.start()
    reading.stop()
    with pytest.raises(EvidenceError, match="a page of 12 bytes"):
        reading.drain()
