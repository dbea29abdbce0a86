from hitless.drains import Forecast, HardStop, ListenerConnections, Reason, SessionState, WhyAlive
from hitless.reload.drain.generations import group_sessions
from hitless.reload.drain.process_facts import ProcessFacts
from hitless.reload.drain.why import find_reasons
from tests.reload.drain.made import facts, info, process, session, subject

STOP = HardStop(after_s=60, where="h.cfg:2", assumed=False, basis="so it says", due_s=30)


def reasons(
    seen: ProcessFacts,
    *,
    listeners: tuple[ListenerConnections, ...] = (),
    forecast: Forecast | None = None,
) -> list[Reason]:
    bounded = forecast or Forecast(hard_stop=STOP)
    return list(find_reasons(seen, group_sessions(seen), listeners, bounded, subject()))


def kinds(seen: ProcessFacts, **more: object) -> list[WhyAlive]:
    return [r.why for r in reasons(seen, **more)]  # type: ignore[arg-type]


def test_what_holds_its_clients_comes_first() -> None:
    held = [session(1), session(2, state=SessionState.TRANSFER)]
    seen = facts(held, says=info(CurrConns=3, Jobs=6, Listeners=1, Unstoppable_Jobs=1))
    assert kinds(seen) == [
        WhyAlive.TUNNELS,
        WhyAlive.REQUESTS,
        WhyAlive.IDLE_CONNECTIONS,
        WhyAlive.JOBS,
    ]


def test_one_that_initialises_is_asked_nothing_else() -> None:
    (reason,) = reasons(facts(None, of=process(generation=None, age_s=3)))
    assert reason.why is WhyAlive.INITIALISING
    assert reason.evidence[0].text.startswith("started 3s ago")


def test_one_that_nobody_told_to_stop() -> None:
    seen = facts(of=process(listening_inodes=(5, 6)), says=info(stopping=False))
    first = reasons(seen)[0]
    assert first.why is WhyAlive.NOT_STOPPING
    assert "still listens" in first.text
    assert first.hint.startswith("kill -USR1 10")
    assert "still listens" not in reasons(facts(says=info(stopping=False)))[0].text


def test_one_that_cannot_be_asked_shows_its_connections() -> None:
    listener = ListenerConnections(endpoint="10.0.0.1:80", owner="", count=1)
    seen = facts(None, info=None, why_not_asked="nobody answers")
    assert kinds(seen, listeners=(listener,)) == [WhyAlive.NOT_ASKED, WhyAlive.CONNECTIONS]
    assert "nobody answers" in reasons(seen)[0].text


def test_clients_that_have_left() -> None:
    listener = ListenerConnections(endpoint="10.0.0.1:80", owner="frontend web", count=3, half_closed=2)
    reason = reasons(facts([session(1)]), listeners=(listener,))[1]
    assert reason.why is WhyAlive.HALF_CLOSED
    assert reason.text.startswith("2 clients of frontend web")


def test_peers_applets_and_jobs() -> None:
    own = session(1, frontend="", backend="")
    seen = facts([own], says=info(ActivePeers=1, ConnectedPeers=1, Jobs=4, Listeners=1, Unstoppable_Jobs=1))
    assert kinds(seen) == [WhyAlive.PEERS, WhyAlive.APPLETS, WhyAlive.JOBS]
    (stuck,) = reasons(facts(says=info(Jobs=3, Listeners=1, Unstoppable_Jobs=1)))
    assert stuck.why is WhyAlive.JOBS
    assert "a stuck applet" in stuck.text
    assert "kill -TERM 10" in stuck.hint
    assert stuck.evidence[0].text == "Jobs: 3, Unstoppable Jobs: 1, Listeners: 1, CurrConns: 0"


def test_nothing_holds_it() -> None:
    assert kinds(facts()) == [WhyAlive.LEAVING]


def test_the_state_of_the_process() -> None:
    (stopped,) = (r for r in reasons(facts(of=process(state="T"))) if r.why is WhyAlive.STOPPED)
    assert stopped.hint == "kill -CONT 10"
    assert WhyAlive.BLOCKED in kinds(facts(of=process(state="D")))
    assert WhyAlive.SPINNING in kinds(facts([session(1)], cpu_share=0.97))
    assert WhyAlive.SPINNING not in kinds(facts([session(n) for n in range(90)], cpu_share=0.97))


def test_what_lets_it_last() -> None:
    endless = Forecast(why_no_hard_stop="none is set")
    assert [r.text for r in reasons(facts(), forecast=endless)][-1].endswith("none is set")
    late = Forecast(hard_stop=HardStop(after_s=60, where="h.cfg:2", assumed=True, basis="x", due_s=-90))
    overdue = reasons(facts(), forecast=late)[-1]
    assert overdue.why is WhyAlive.OVERDUE
    assert "1m30s ago" in overdue.text
    soon = Forecast(hard_stop=HardStop(after_s=60, where="h.cfg:2", assumed=True, basis="x", due_s=-1))
    assert kinds(facts(), forecast=soon) == [WhyAlive.LEAVING]
