import pytest

from hitless.sandbox.world.checks.connect import Connect
from hitless.sandbox.world.checks.expectation import CannotSatisfy
from hitless.sandbox.world.checks.http import plan_http_check
from hitless.sandbox.world.records import HttpAnswer
from tests.sandbox.world.fakes import model_of


def answers(lines: str) -> list[tuple[Connect, HttpAnswer]]:
    return plan_http_check(model_of(f"backend b\n {lines}").proxies[0])


def only(lines: str) -> HttpAnswer:
    ((_, answer),) = answers(lines)
    return answer


@pytest.mark.parametrize(
    ("lines", "method", "path", "status"),
    [
        ("option httpchk", "OPTIONS", "/", 200),
        ("option httpchk /up", "OPTIONS", "/up", 200),
        ("option httpchk GET /up HTTP/1.1", "GET", "/up", 200),
        ("option httpchk GET /a\n http-check send hdr Host h", "GET", "/a", 200),
        ("option httpchk GET /a\n http-check send meth HEAD uri /b", "HEAD", "/b", 200),
        ("option httpchk\n http-check expect status 204", "OPTIONS", "/", 204),
        ("option httpchk\n http-check expect status 300-310,404", "OPTIONS", "/", 301),
        ("option httpchk\n http-check expect ! status 200-299", "OPTIONS", "/", 301),
        ("option httpchk\n http-check expect rstatus ^4", "OPTIONS", "/", 400),
        ("option httpchk\n http-check expect ! rstatus ^5", "OPTIONS", "/", 200),
    ],
)
def test_request_and_status(lines: str, method: str, path: str, status: int) -> None:
    answer = only(lines)
    assert (answer.method, answer.path, answer.status) == (method, path, status)


def test_body_and_headers() -> None:
    answer = only(
        "option httpchk\n http-check expect string UP\n http-check expect rstring n=[0-9]+$\n"
        " http-check expect ! string DOWN\n http-check expect fhdr name -m beg x-st value -m reg ^ok(,|$)"
    )
    assert b"UP" in answer.body
    assert answer.headers == (("x-st", "ok,"),)


def test_rounds_to_different_ports() -> None:
    lines = (
        "option httpchk\n http-check connect port 81\n http-check send uri /one\n http-check expect status 200\n"
        " http-check connect port 82 ssl\n http-check send meth GET uri /two"
    )
    assert [(c.port, a.method, a.path) for c, a in answers(lines)] == [
        (81, "OPTIONS", "/one"),
        (82, "GET", "/two"),
    ]


@pytest.mark.parametrize(
    "rule",
    [
        "expect string A\n http-check expect ! string A",
        "expect status x",
        "expect status 700",
        "expect hdr name a:b",
        "expect hdr what x",
        "expect hdr name -m reg (?=x)",
    ],
)
def test_what_no_answer_satisfies(rule: str) -> None:
    with pytest.raises(CannotSatisfy):
        answers(f"option httpchk\n http-check {rule}")
