from hitless.drains import ListenerConnections, Reason, SessionState, WhyAlive
from hitless.reload.drain.generations import group_sessions
from hitless.reload.drain.held import about_requests, about_tunnels, connections_held, idle_connections
from hitless.reload.drain.process_facts import ProcessFacts
from tests.reload.drain.made import CONFIGURATION, detail, facts, info, process, session, subject

TUNNEL = CONFIGURATION.replace("timeout server 50m", "timeout server 50m\n    timeout tunnel 2h")
LISTENER = ListenerConnections(
    endpoint="10.0.0.1:80", owner="frontend web", count=7, without_session=4, idle_longest_s=700
)


def tunnels(text: str = CONFIGURATION, *, kind: str = "http", status: int | None = 101) -> Reason:
    held = [session(1, age_s=60), session(2, age_s=4000, idle_s=5)]
    seen = facts(held, samples={("web", "app"): (detail(held[0], mode=kind, status=status),)})
    return about_tunnels(seen, group_sessions(seen)[0], subject(text))


def test_a_websocket_without_a_timeout_of_its_own() -> None:
    reason = tunnels()
    assert reason.why is WhyAlive.TUNNELS
    assert reason.text == (
        "2 WebSocket sessions of frontend web (backend app): no `timeout tunnel`, each lasts until an end leaves or is "
        "silent for its client or server timeout of 50m"
    )
    assert "timeout tunnel" in reason.hint
    said = [(e.text, e.source.split(",")[0]) for e in reason.evidence]
    assert said == [
        ("2 sessions without a request or response under way, 1m to 1h6m old", "show sess"),
        ("1 of them: mode http, status 101", "show sess ID"),
        ("silent for 5s to 50s", "inet_diag (tcp_info)"),
    ]


def test_a_tunnel_timeout_bounds_the_silence() -> None:
    reason = tunnels(TUNNEL)
    assert "for 2h of silence (`timeout tunnel`, h.cfg:8)" in reason.text
    assert not reason.hint


def test_what_is_no_websocket() -> None:
    assert tunnels(kind="tcp", status=None).text.startswith("2 TCP sessions of")
    assert tunnels(status=200).text.startswith("2 CONNECTs of")


def test_no_timeout_at_all() -> None:
    seen = facts([session(1, expires_s=None, idle_s=None, age_s=None)])
    reason = about_tunnels(seen, group_sessions(seen)[0], subject())
    assert reason.text.startswith("1 tunnel of frontend web")
    assert "no timeout ends them" in reason.text
    assert [e.text for e in reason.evidence] == ["1 session without a request or response under way"]


def test_requests_end_by_themselves() -> None:
    states = [SessionState.RESPONSE, SessionState.RESPONSE, SessionState.QUEUE, SessionState.TUNNEL]
    seen = facts([session(n, state=state, age_s=n) for n, state in enumerate(states)])
    (reason,) = about_requests(seen, group_sessions(seen))
    assert reason.text.startswith("3 requests in flight of web (2 response, 1 queue)")
    assert reason.evidence[0].text == "the oldest since 2s"
    assert list(about_requests(facts(), ())) == []


def idle(
    text: str = CONFIGURATION,
    *,
    says: str = "2.8.25",
    seen: ProcessFacts | None = None,
    listeners: bool = True,
) -> Reason:
    (reason,) = idle_connections(
        seen or facts([session(1)], says=info(CurrConns=5, version=says)),
        [LISTENER] if listeners else [],
        subject(text),
    )
    return reason


def test_idle_connections_that_an_option_keeps() -> None:
    reason = idle(
        CONFIGURATION.replace("frontend web\n", "frontend web\n    option idle-close-on-response\n")
    )
    assert reason.text == (
        "4 connections of clients without a request: `option idle-close-on-response` (h.cfg:9) keeps them until their "
        "next request"
    )
    assert "after 1h of silence (h.cfg:6)" in reason.hint
    assert "no command" in reason.hint
    assert [e.text for e in reason.evidence] == [
        "CurrConns: 5, and sessions on 1 of them",
        "4 on 10.0.0.1:80 (frontend web), silent for up to 11m40s",
    ]


def test_idle_connections_for_other_reasons() -> None:
    spread = idle(CONFIGURATION.replace("global\n", "global\n    close-spread-time 5m\n"))
    assert "`close-spread-time 5m` (h.cfg:2) closes them" in spread.text
    assert "before 2.4" in idle(says="2.2.9").text
    assert "have not sent a whole request" in idle(listeners=False).text


def test_no_idle_connection_is_no_reason() -> None:
    assert list(idle_connections(facts([session(1)]), [], subject())) == []
    assert list(idle_connections(facts(None), [], subject())) == []


def test_connections_of_a_process_that_cannot_be_asked() -> None:
    seen = facts(None, of=process(connections=9))
    first = LISTENER
    (reason,) = connections_held(seen, [first])
    assert reason.text == "7 connections of clients on 10.0.0.1:80 (frontend web)"
    (reason,) = connections_held(seen, [])
    assert reason.text.startswith("9 TCP connections, none of them on an address")
    assert list(connections_held(facts(None), [])) == []
