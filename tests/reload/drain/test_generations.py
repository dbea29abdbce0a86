from hitless.drains import SessionState
from hitless.host.socket_activity import SocketActivity
from hitless.reload.drain.generations import describe_generations, group_sessions, kind_of, seen
from hitless.reload.drain.process_facts import ProcessFacts
from tests.reload.drain.made import detail, facts, info, process, session, subject


def pair(*, old_reloads: int | None = 1, version: str = "2.8.25", **boot: int) -> list[ProcessFacts]:
    """Who serves since 100 s, and who did before."""
    return [
        facts(
            None,
            of=process(11, generation=0, age_s=100),
            says=info(11, stopping=False, version=version, **boot),
            reloads=0,
        ),
        facts([session(1)], of=process(10, age_s=5000), reloads=old_reloads),
    ]


def test_who_serves_comes_first_and_is_not_asked_why_it_lives() -> None:
    current, old = describe_generations(pair(), subject(), changed_s=9000)
    assert (current.pid, current.number, current.current) == (11, 0, True)
    assert (current.why, current.forecast, current.sessions) == ((), None, None)
    assert (old.pid, old.number, old.draining_s, old.draining_exact) == (10, 1, 100, True)
    assert old.sessions == 1
    assert old.why
    assert old.closable


def test_generations_that_came_and_went_between_make_it_at_least() -> None:
    for reloads in (4, None):
        _, old = describe_generations(pair(old_reloads=reloads), subject(), changed_s=None)
        assert (old.draining_s, old.draining_exact) == (100, False)


def test_since_3_1_the_old_one_stops_when_the_new_one_is_ready() -> None:
    _, old = describe_generations(pair(version="3.2.26", BootTime_ms=30_000), subject(), changed_s=None)
    assert old.draining_s == 70
    _, old = describe_generations(pair(version="3.0.11", BootTime_ms=30_000), subject(), changed_s=None)
    assert old.draining_s == 100


def test_one_that_initialises_replaces_nobody() -> None:
    young = facts(None, of=process(12, generation=None, age_s=3))
    first, second, third = describe_generations([*pair(), young], subject(), changed_s=None)
    assert [first.pid, second.pid, third.pid] == [11, 12, 10]
    assert (second.number, second.draining_s, second.forecast) == (None, None, None)
    assert third.draining_s == 100


def test_what_cannot_be_closed_says_why() -> None:
    _, old = describe_generations(
        [pair()[0], facts(None, reachable=False, info=None)],
        subject(),
        changed_s=None,
        why_not_closable="no way",
    )
    assert (old.closable, old.why_not_closable, old.sessions) == (False, "no way", None)
    _, old = describe_generations(
        [pair()[0], facts(None, reachable=False, why_not_asked="it is silent")], subject(), changed_s=None
    )
    assert old.why_not_closable == "it is silent"


def test_sessions_are_grouped_the_largest_group_first() -> None:
    tunnels = [session(n, age_s=10 * n, idle_s=n) for n in range(1, 4)]
    other = session(9, frontend="db", expires_s=None, idle_s=None)
    waiting = session(8, state=SessionState.RESPONSE)
    own = session(7, frontend="")
    groups = group_sessions(
        facts([*tunnels, other, waiting, own], samples={("web", "app"): (detail(tunnels[0]),)})
    )
    assert [(g.frontend, g.state, g.count, g.kind) for g in groups] == [
        ("web", SessionState.TUNNEL, 3, "WebSocket"),
        ("db", SessionState.TUNNEL, 1, ""),
        ("web", SessionState.RESPONSE, 1, ""),
    ]
    assert (groups[0].youngest_s, groups[0].oldest_s) == (10, 30)
    assert (groups[0].idle_shortest_s, groups[0].idle_longest_s) == (1, 3)
    assert (groups[1].without_timeout, groups[1].idle_longest_s) == (1, None)


def test_a_sample_tells_what_tunnels_are() -> None:
    one = session(1)
    assert kind_of([detail(one)]) == "WebSocket"
    assert kind_of([detail(one, status=200)]) == "CONNECT"
    assert kind_of([detail(one, mode="tcp", status=None)]) == "TCP"
    assert kind_of([detail(one), detail(one, status=200)]) == ""
    assert kind_of([]) == ""


def test_a_session_is_shown_as_it_is() -> None:
    shown = seen(session(5, age_s=None, idle_s=None))
    assert (shown.id, shown.source, shown.age_s, shown.idle_s) == ("0x5", "198.51.100.1:5", None, None)


def test_connections_are_counted_by_the_address_they_came_to() -> None:
    sockets = (
        SocketActivity("10.0.0.1:80", "198.51.100.1:1", 101, 5.0),
        SocketActivity("10.0.0.1:80", "198.51.100.1:2", 102, 700.0, half_closed=True),
        SocketActivity("10.0.0.1:40000", "192.0.2.1:80", 103, 1.0),
    )
    old = facts([session(1)], sockets=sockets, session_sockets=frozenset({101}))
    (generation,) = describe_generations([old], subject(), changed_s=None)
    (listener,) = generation.listeners
    assert (listener.endpoint, listener.owner, listener.count) == ("10.0.0.1:80", "frontend web", 2)
    assert (listener.without_session, listener.half_closed, listener.idle_longest_s) == (1, 1, 700.0)
    (generation,) = describe_generations([facts(None, sockets=sockets)], subject(), changed_s=None)
    assert generation.listeners[0].without_session is None


def test_the_oldest_are_named() -> None:
    old = facts([session(n, age_s=n) for n in range(1, 30)])
    (generation,) = describe_generations([old], subject(), changed_s=None)
    assert [s.age_s for s in generation.oldest] == list(range(29, 19, -1))
