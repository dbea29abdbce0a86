import pytest

from hitless.sandbox.world.checks.expectation import CannotSatisfy
from hitless.sandbox.world.checks.tcp import plan_builtin_check, plan_tcp_check
from hitless.sandbox.world.records import Step
from tests.sandbox.world.fakes import model_of


def scripts(*rules: str) -> list[tuple[int, tuple[Step, ...]]]:
    lines = "\n".join(f" tcp-check {rule}" for rule in rules)
    proxy = model_of(f"backend b\n mode tcp\n option tcp-check\n{lines}").proxies[0]
    return [(connect.port, script) for connect, script in plan_tcp_check(proxy)]


def test_sends_in_a_row_are_one_request() -> None:
    assert scripts("send GET\\ /\\r\\n", "comment x", "send \\r\\n", "expect rstring (2..|3..)") == [
        (0, (Step(hear=b"GET /\r\n\r\n", say=b"2xx\r\n"),))
    ]


def test_expectations_in_a_row_share_one_reply() -> None:
    ((_, (step,)),) = scripts(
        "send x", "expect string a", "expect ! string b", "expect string a", "expect string c"
    )
    assert step == Step(hear=b"x", say=b"ac\r\n")


def test_a_server_that_speaks_first_and_a_second_connection() -> None:
    assert scripts("connect port 110", "expect string +OK", "send-binary 51", "connect port 143 ssl") == [
        (110, (Step(say=b"+OK\r\n"),)),
        (143, ()),
    ]


@pytest.mark.parametrize(
    "rule",
    ["send-lf x", "send-binary 5", "send-binary-lf 51", "what x", "expect string-lf x", "expect binary 5"],
)
def test_what_cannot_be_played(rule: str) -> None:
    with pytest.raises(CannotSatisfy):
        scripts(rule)


def test_contradictions_cannot_be_played() -> None:
    with pytest.raises(CannotSatisfy):
        scripts("expect string a", "expect ! string a")


@pytest.mark.parametrize("option", ["redis-check", "smtpchk", "mysql-check", "pgsql-check", "ldap-check"])
def test_builtin_checks_have_a_script(option: str) -> None:
    assert plan_builtin_check(option, ("user", "x"))


def test_smtp_greets_as_the_line_says() -> None:
    assert plan_builtin_check("smtpchk", ("EHLO", "a.example"))[1].hear == b"EHLO a.example\r\n"
    assert plan_builtin_check("smtpchk", ())[1].hear == b"HELO localhost\r\n"


def test_a_program_cannot_be_played() -> None:
    with pytest.raises(CannotSatisfy):
        plan_builtin_check("external-check", ())
