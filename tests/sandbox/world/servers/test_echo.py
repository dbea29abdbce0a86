from hitless.sandbox.world.servers.echo import Discard, Echo
from tests.sandbox.world.fakes import FakeSink


def test_what_comes_goes_back_until_the_end() -> None:
    sink = FakeSink()
    echo = Echo(sink)
    for byte in b"ping\n":
        echo.feed(bytes((byte,)))
    assert (sink.sent, sink.closed) == (b"ping\n", False)
    echo.end()
    assert sink.closed


def test_a_peer_that_takes_nothing_is_not_read_from() -> None:
    sink = FakeSink(room_bytes=3)
    echo = Echo(sink)
    paused = []
    for piece in (b"abc", b"d"):
        echo.feed(piece)
        paused.append(sink.paused)
    assert paused == [False, True]
    sink.take()
    echo.drained()
    assert not sink.paused


def test_after_the_last_word_bytes_are_ignored() -> None:
    layer = Discard()
    layer.feed(b"late")
    layer.end()
    layer.drained()
    layer.lost()
