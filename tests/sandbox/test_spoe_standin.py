"""The SPOE agent that stands in."""

from hitless.sandbox.spoe_standin import spoe_agent
from tests.config.samples import model_of

TEXT = """
    frontend www
        mode http
        bind :80
        filter spoe engine guard config /etc/guard.cfg
        http-request send-spoe-group guard ask if { path_beg /x }
        http-request send-spoe-group other never-mine
    backend web
        mode http
    backend agents
        mode tcp
"""


def test_the_agent_has_the_groups_that_rules_send_and_a_backend_in_tcp_mode() -> None:
    lines = [line.strip() for line in spoe_agent("guard", model_of(TEXT)).splitlines()]
    assert lines[0] == "[guard]"
    assert "groups ask" in lines
    assert "spoe-group ask" in lines
    assert "use-backend agents" in lines
    assert "spoe-group never-mine" not in lines


def test_an_engine_without_a_name_has_no_scope() -> None:
    assert spoe_agent("", model_of(TEXT)).startswith("spoe-agent ")
