import pytest

from hitless.drains import Forecast, SessionState
from hitless.reload.drain.forecast import forecast, read_hard_stop
from hitless.reload.drain.process_facts import ProcessFacts
from tests.reload.drain.made import CONFIGURATION, facts, info, process, session, subject

WITHOUT = CONFIGURATION.replace("    hard-stop-after 30m\n", "")


def look(
    seen: ProcessFacts,
    text: str = CONFIGURATION,
    *,
    draining_s: float | None = 600,
    exact: bool = True,
    changed_s: float | None = 9000,
    version: tuple[int, int, int] = (2, 8, 25),
) -> Forecast:
    found = forecast(
        seen, subject(text, version=version), draining_s=draining_s, exact=exact, changed_s=changed_s
    )
    assert found is not None
    return found


def test_who_serves_has_no_end() -> None:
    serving = facts(of=process(generation=0))
    assert forecast(serving, subject(), draining_s=None, exact=False, changed_s=None) is None


def test_the_hard_stop_counts_from_when_it_was_replaced() -> None:
    found = look(facts([session(1, expires_s=None)]))
    assert found.hard_stop is not None
    assert (found.hard_stop.after_s, found.hard_stop.due_s) == (1800, 1200)
    assert found.hard_stop.where == "h.cfg:2"
    assert not found.hard_stop.assumed
    assert not found.hard_stop.at_latest
    assert found.text.startswith("in 20m (hard-stop-after 30m)")


def test_a_file_that_was_changed_since_makes_it_an_assumption() -> None:
    changed = look(facts(), changed_s=60).hard_stop
    assert changed is not None
    assert changed.assumed
    assert "changed 1m ago" in changed.basis
    unseen = look(facts(), changed_s=None).hard_stop
    assert unseen is not None
    assert unseen.assumed
    assert "nobody could see" in unseen.basis
    assert "another value" in look(facts(), changed_s=60).text


def test_it_may_come_earlier_where_generations_between_are_gone() -> None:
    found = look(facts(), exact=False)
    assert found.hard_stop is not None
    assert found.hard_stop.at_latest
    assert "at the latest" in found.text


def test_grace_delays_it() -> None:
    stop = read_hard_stop(
        subject(CONFIGURATION.replace("global\n", "global\n    grace 10s\n")),
        draining_s=0,
        exact=True,
        age_s=1,
        changed_s=2,
    )
    assert stop is not None
    assert stop.after_s == 1810


def test_a_hard_stop_that_is_overdue() -> None:
    found = look(facts(), draining_s=4000)
    assert found.hard_stop is not None
    assert found.hard_stop.due_s == -2200
    assert found.text.startswith("overdue: hard-stop-after 30m ran out 36m40s ago")


def test_whom_it_cuts() -> None:
    held = [
        session(1, expires_s=None),
        session(2, expires_s=1300),
        session(3, expires_s=1100, idle_s=500),
        session(4, expires_s=1000, age_s=900, idle_s=2),
        session(5, state=SessionState.RESPONSE),
        session(6, state=SessionState.CLOSING),
    ]
    found = look(facts(held, says=info(CurrConns=9)))
    assert (found.cut, found.silent, found.active) == (2, 2, 1)
    assert (found.requests, found.idle_connections, found.last_timeout_s) == (2, 3, 1100)
    assert "cuts 2 sessions that no timeout ends before" in found.text
    assert "2 sessions end before by timeout within 18m20s" in found.text
    assert "on 1 something has in the last minute" in found.text
    assert "3 idle connections are closed with it" in found.text


def test_a_session_that_is_young_is_not_active_for_its_opening() -> None:
    assert look(facts([session(1, age_s=12, idle_s=11, expires_s=1000)])).active == 0
    assert look(facts([session(1, age_s=None, idle_s=11, expires_s=1000)])).active == 1


def test_without_a_hard_stop_nothing_ends_it() -> None:
    found = look(facts([session(1, expires_s=None), session(2)]), WITHOUT)
    assert found.hard_stop is None
    assert "no `hard-stop-after`" in found.why_no_hard_stop
    assert (found.cut, found.silent) == (1, 1)
    assert "1 session may stay for ever" in found.text
    assert "1 session ends by timeout" in found.text


def test_a_configuration_that_was_not_read_says_nothing() -> None:
    found = forecast(facts(), subject(""), draining_s=1, exact=True, changed_s=None)
    assert found is not None
    assert "could not be read" in found.why_no_hard_stop


def test_sessions_that_could_not_be_asked_are_no_sessions_that_are_not_there() -> None:
    assert "whom it cuts is not known" in look(facts(None)).text.lower()


@pytest.mark.parametrize(
    ("version", "says", "word"),
    [
        ((2, 8, 25), "2.8.25", "gets 502"),
        ((3, 2, 26), "3.2.26", "gets no answer"),
        ((3, 2, 26), "2.6.12", "gets 502"),
        ((3, 0, 11), "3.0.11", "gets no answer, or 502"),
    ],
)
def test_what_is_seen_depends_on_the_version_of_the_process(
    version: tuple[int, int, int], says: str, word: str
) -> None:
    assert word in look(facts(says=info(version=says)), version=version).effect


def test_reloads_kill_it_too() -> None:
    limited = CONFIGURATION.replace("global\n", "global\n    mworker-max-reloads 3\n")
    assert look(facts(reloads=1), limited).killed_at_reload == 3
    assert look(facts(reloads=3), limited).killed_at_reload == 1
    assert "kills it at the next reload" in look(facts(reloads=3), limited).text
    assert look(facts(reloads=None), limited).killed_at_reload is None
    assert look(facts(reloads=1)).killed_at_reload is None
    assert look(facts(reloads=1), version=(3, 3, 1)).killed_at_reload == 50
