from hitless.sandbox.world.records import Step
from hitless.sandbox.world.servers.echo import Echo
from hitless.sandbox.world.servers.script import Conversation, find_script
from tests.sandbox.world.fakes import FakeSink

PING = (Step(hear=b"PING\r\n", say=b"+PONG\r\n"), Step(hear=b"QUIT\r\n", say=b"+OK\r\n", hang_up=True))
INFO = (Step(hear=b"INFO\r\n", say=b"role:master\r\n"),)


def talk(script: tuple[Step, ...]) -> FakeSink:
    sink = FakeSink()
    conversation = Conversation(sink, script, lambda: Echo(sink))
    sink.layer = conversation
    conversation.speak()
    return sink


def test_the_script_that_the_bytes_begin() -> None:
    assert find_script((PING, INFO), b"INFO\r\n") == INFO
    assert find_script((PING, INFO), b"PIN") is None
    assert find_script((PING, INFO), b"GET /") == ()


def test_each_step_is_answered_and_the_last_hangs_up() -> None:
    sink = talk(PING)
    sink.layer.feed(b"PI")
    assert sink.take() == b""
    sink.layer.feed(b"NG\r\nQU")
    assert sink.take() == b"+PONG\r\n"
    sink.layer.feed(b"IT\r\n")
    assert sink.take() == b"+OK\r\n"
    assert sink.closed


def test_a_server_that_speaks_first_hears_anything() -> None:
    sink = talk((Step(say=b"hello"), Step(hear_anything=True, say=b"fine")))
    assert sink.take() == b"hello"
    sink.layer.feed(b"\0\1\2")
    assert sink.take() == b"fine"


def test_other_bytes_are_echoed() -> None:
    sink = talk(PING)
    sink.layer.feed(b"PING\r\nelse")
    assert sink.take() == b"+PONG\r\nelse"
    sink.layer.feed(b"more")
    assert sink.take() == b"more"
