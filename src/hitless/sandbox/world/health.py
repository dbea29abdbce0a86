"""What each server of a configuration must play so that its health checks succeed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hitless.sandbox.world.checks.connect import Connect
from hitless.sandbox.world.checks.expectation import CannotSatisfy
from hitless.sandbox.world.checks.http import plan_http_check
from hitless.sandbox.world.checks.tcp import plan_builtin_check, plan_tcp_check
from hitless.sandbox.world.records import HttpAnswer, Step

if TYPE_CHECKING:
    from hitless.config.model import Proxy, Server

__all__ = ["Check", "check_connect", "plan_agent_check", "plan_checks"]

_CHECK_OPTIONS = {
    "httpchk",
    "tcp-check",
    "redis-check",
    "smtpchk",
    "mysql-check",
    "pgsql-check",
    "ldap-check",
    "ssl-hello-chk",
    "spop-check",
    "external-check",
}


class Check(NamedTuple):
    """One connection of a health check. Without script and answer, to connect is enough."""

    connect: Connect
    script: tuple[Step, ...] = ()
    answer: HttpAnswer | None = None


def plan_checks(proxy: Proxy) -> tuple[Check, ...]:
    """Return what the checks of a proxy's servers want.

    Of several check options the last one is in force, as in HAProxy (each clears PR_O2_CHK_ANY).

    Raises: CannotSatisfy.
    """
    chosen = [name for name in proxy.options if name in _CHECK_OPTIONS]
    if not chosen:
        return (Check(Connect()),)
    option = chosen[-1]
    if option == "httpchk":
        return tuple(Check(connect, answer=answer) for connect, answer in plan_http_check(proxy))
    if option == "tcp-check":
        return tuple(Check(connect, script=script) for connect, script in plan_tcp_check(proxy))
    script = plan_builtin_check(option, proxy.options[option].words[2:])
    return (Check(Connect(), script=script),)


def plan_agent_check(server: Server) -> Check | None:
    """Return what the agent of a server says, where it has one: "up", which leaves the weight alone.

    Raises: CannotSatisfy if the port is missing.
    """
    if not server.has("agent-check"):
        return None
    port = _first(server, "agent-port")
    if not port.isdigit():
        raise CannotSatisfy("agent-check without agent-port")
    connect = Connect(_first(server, "agent-addr"), int(port))
    return Check(connect, script=(Step(say=b"up\n", hang_up=True),))


def _first(server: Server, keyword: str) -> str:
    arguments = server.options.get(keyword, ())
    return arguments[-1] if arguments else ""


def check_connect(server: Server, connect: Connect) -> Connect:
    """Return where a check goes, the server line's `addr` and `port` filled in; ""/0: to the server."""
    port = _first(server, "port")
    return Connect(
        connect.address or _first(server, "addr"),
        connect.port or (int(port) if port.isdigit() else 0),
    )
