import msgspec

from hitless.sandbox.world.records import HttpAnswer
from hitless.sandbox.world.servers.answer import Answers
from tests.sandbox.world.fakes import ENDPOINT, GREETING


def test_the_default_says_who_answers() -> None:
    answer = Answers(ENDPOINT).decide(b"GET", b"/x", None)
    assert (answer.status, answer.body, answer.length_bytes) == (200, GREETING, len(GREETING))


def test_a_check_is_answered_by_method_and_path_but_a_wish_comes_first() -> None:
    check = HttpAnswer(method="GET", path="/up", status=204, body=b"lost with 204")
    answers = Answers(msgspec.structs.replace(ENDPOINT, answers=(check,)))
    assert answers.decide(b"GET", b"/up", None)[:4] == (204, ((b"content-type", b"text/plain"),), b"", 0)
    assert answers.decide(b"POST", b"/up", None).status == 200
    assert answers.decide(b"GET", b"/up", b"status=503").status == 503
    assert answers.decide(b"GET", b"/up", b"").status == 200


def test_length_of_what_is_wished() -> None:
    answers = Answers(ENDPOINT)
    assert answers.decide(b"GET", b"/", b"stream-ms=10").length_bytes is None
    assert answers.decide(b"GET", b"/", b"size-bytes=10").length_bytes == 10
    assert answers.decide(b"GET", b"/", b"status=304").length_bytes == 0
