import pytest

from hitless.config.model import Proxy
from hitless.sandbox.world.checks.connect import Connect
from hitless.sandbox.world.checks.expectation import CannotSatisfy
from hitless.sandbox.world.health import Check, check_connect, plan_agent_check, plan_checks
from hitless.sandbox.world.records import Step
from tests.sandbox.world.fakes import model_of


def backend(*lines: str) -> Proxy:
    proxy = model_of("\n ".join(("backend b", "mode tcp", *lines))).proxy("b")
    assert proxy is not None
    return proxy


def test_without_an_option_to_connect_is_enough() -> None:
    assert plan_checks(backend()) == (Check(Connect()),)


def test_an_http_check_has_an_answer_and_a_tcp_check_a_script() -> None:
    (http,) = plan_checks(backend("option httpchk GET /up", "http-check expect status 204"))
    assert http.answer is not None
    assert (http.answer.method, http.answer.path, http.answer.status) == ("GET", "/up", 204)
    assert http.script == ()
    (tcp,) = plan_checks(
        backend("option tcp-check", "tcp-check send PING\\r\\n", "tcp-check expect string +PONG")
    )
    assert tcp.answer is None
    assert tcp.script[0].hear == b"PING\r\n"
    assert b"+PONG" in tcp.script[0].say


def test_of_several_options_the_last_is_in_force() -> None:
    (check,) = plan_checks(backend("option httpchk GET /up", "option redis-check"))
    assert check.answer is None
    assert b"PING" in check.script[0].hear


def test_a_check_of_an_unknown_program_cannot_be_satisfied() -> None:
    with pytest.raises(CannotSatisfy, match="external-check"):
        plan_checks(backend("option external-check"))


def test_the_agent_says_up_and_hangs_up() -> None:
    (plain, agent, broken) = backend(
        "server a 10.0.0.1:80 check",
        "server b 10.0.0.1:80 agent-check agent-port 9707 agent-addr 10.0.0.9",
        "server c 10.0.0.1:80 agent-check",
    ).servers
    assert plan_agent_check(plain) is None
    assert plan_agent_check(agent) == Check(
        Connect("10.0.0.9", 9707), script=(Step(say=b"up\n", hang_up=True),)
    )
    with pytest.raises(CannotSatisfy, match="agent-port"):
        plan_agent_check(broken)


def test_the_server_line_says_where_a_check_goes_unless_the_check_does() -> None:
    (server,) = backend("server s 10.0.0.1:80 check addr 10.0.0.2 port 81").servers
    assert check_connect(server, Connect()) == Connect("10.0.0.2", 81)
    assert check_connect(server, Connect("10.0.0.3", 82)) == Connect("10.0.0.3", 82)
    (plain,) = backend("server s 10.0.0.1:80 check").servers
    assert check_connect(plain, Connect()) == Connect()
