import pytest

from hitless.sandbox.world.servers.answer import Answer
from hitless.sandbox.world.servers.behaviour import Behaviour
from hitless.sandbox.world.servers.exchange import Exchange
from tests.sandbox.world.fakes import FakeSink


class FakeSender:
    """Writes down what it is to send."""

    def __init__(self, room_bytes: int = 1 << 30) -> None:
        self.calls: list[str] = []
        self.body = b""
        self.room_bytes = room_bytes

    @property
    def full(self) -> bool:
        return len(self.body) >= self.room_bytes

    def head(self, answer: Answer) -> None:
        self.calls.append(f"head {answer.status}")

    def data(self, chunk: bytes) -> None:
        self.body += chunk
        self.calls.append("data")

    def finish(self) -> None:
        self.calls.append("finish")


def begin(sender: FakeSender, answer: Answer, *, without_body: bool = False) -> tuple[Exchange, FakeSink]:
    sink = FakeSink()
    exchange = Exchange(sink.loop, sender, answer, without_body=without_body)
    exchange.start()
    return exchange, sink


@pytest.mark.parametrize(
    ("answer", "without_body", "calls"),
    [
        (Answer(200, (), b"hello", 5), False, ["head 200", "data", "finish"]),
        (Answer(204, (), b"", 0), False, ["head 204", "finish"]),
        (Answer(200, (), b"hello", 5), True, ["head 200", "finish"]),
        (Answer(200, (), b"", None, Behaviour(stream_ms=100)), True, ["head 200", "finish"]),
    ],
)
def test_an_answer_at_once(answer: Answer, without_body: bool, calls: list[str]) -> None:  # noqa: FBT001 - a case
    sender = FakeSender()
    begin(sender, answer, without_body=without_body)
    assert sender.calls == calls


def test_a_delay_comes_before_the_head() -> None:
    sender = FakeSender()
    _, sink = begin(sender, Answer(200, (), b"late", 4, Behaviour(delay_ms=1500)))
    sink.fake_loop.advance(1.49)
    assert sender.calls == []
    sink.fake_loop.advance(0.02)
    assert sender.calls == ["head 200", "data", "finish"]


def test_a_stream_goes_by_the_clock() -> None:
    sender = FakeSender()
    behaviour = Behaviour(stream_ms=1000, chunk_ms=100, chunk_size_bytes=20)
    _, sink = begin(sender, Answer(200, (), b"", None, behaviour))
    assert sender.calls == ["head 200", "data"]
    sink.fake_loop.advance(0.45)
    assert sender.calls.count("data") == 5
    sink.fake_loop.advance(2)
    assert sender.calls.count("data") in {10, 11}  # the last tick is a sum of floats
    assert sender.calls[-1] == "finish"
    assert sender.body == (b"data: ".ljust(18, b".") + b"\n\n") * sender.calls.count("data")


def test_a_stream_that_nobody_takes_ends_on_time_and_piles_nothing_up() -> None:
    sender = FakeSender(room_bytes=1)
    behaviour = Behaviour(stream_ms=1000, chunk_ms=100, chunk_size_bytes=20)
    _, sink = begin(sender, Answer(200, (), b"", None, behaviour))
    sink.fake_loop.advance(2)
    assert sender.calls == ["head 200", "data", "finish"]


def test_a_large_body_is_sent_as_it_is_taken_and_has_its_exact_length() -> None:
    sender = FakeSender(room_bytes=100_000)
    exchange, _ = begin(sender, Answer(200, (), b"", 200_001))
    assert "finish" not in sender.calls
    assert 100_000 <= len(sender.body) < 200_001
    exchange.drained()
    assert "finish" not in sender.calls  # still no room
    sender.room_bytes = 1 << 30
    exchange.drained()
    assert len(sender.body) == 200_001
    assert sender.calls[-1] == "finish"
    exchange.drained()
    assert sender.calls.count("finish") == 1


@pytest.mark.parametrize(
    "behaviour", [Behaviour(delay_ms=100), Behaviour(stream_ms=1000, chunk_ms=100), Behaviour()]
)
def test_nothing_is_sent_after_it_was_cancelled(behaviour: Behaviour) -> None:
    sender = FakeSender(room_bytes=100_000)
    length = None if behaviour.stream_ms else 200_001
    exchange, sink = begin(sender, Answer(200, (), b"", length, behaviour))
    before = list(sender.calls)
    exchange.cancel()
    sender.room_bytes = 1 << 30
    sink.fake_loop.advance(5)
    exchange.drained()
    assert sender.calls == before
