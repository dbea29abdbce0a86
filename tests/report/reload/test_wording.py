import pytest

from hitless.reloads import (
    CheckState,
    ConfigurationChange,
    ConfigurationDigest,
    DrainForecast,
    GuardResult,
    ListenerChange,
    ListenerFate,
    PreflightCheck,
    ReloadedProcess,
    ReloadOutcome,
    Requester,
    RollbackResult,
)
from hitless.report.reload import wording
from tests.reload.made_receipts import CHANGE, CHECKS, LISTENERS, REQUESTER, make_receipt


@pytest.mark.parametrize("outcome", ReloadOutcome)
def test_each_outcome_has_words(outcome: ReloadOutcome) -> None:
    assert wording.headline(outcome).replace(" ", "-").lower() == outcome
    assert wording.meaning(outcome)


def test_who_asked() -> None:
    assert (
        wording.requester_words(REQUESTER) == "by alice as root: hitless reload --wait (called by deploy.sh)"
    )
    assert (
        wording.requester_words(Requester(user="bob", uid=7, pid=1, command=(), login_user="bob")) == "by bob"
    )


def test_processes_before_and_after() -> None:
    assert wording.pids(make_receipt()) == "pid 4711 -> 4790"
    assert wording.pids(make_receipt(new_pid=0)) == "pid 4711"
    assert wording.pids(make_receipt(old_pids=())) == "pid 4790"
    assert wording.pids(make_receipt(old_pids=(), new_pid=0)) == ""
    assert wording.process_words(ReloadedProcess(pid=7, role="old", version="2.8.1", exited=True)) == (
        "old 7 (2.8.1, exited)"
    )


def test_an_unknown_way_is_named_as_it_is() -> None:
    assert wording.mechanism_words("carrier-pigeon", "") == "via carrier-pigeon"
    assert wording.mechanism_words("", "refused") == "not triggered (refused)"


def test_what_the_configuration_changes() -> None:
    assert list(wording.configuration_lines(CHANGE)) == [
        "/etc/haproxy/haproxy.cfg 1a1a1a1a1a1a -> 2b2b2b2b2b2b",
        "3 lines added, 1 removed: frontend www (changed), backend old (removed)",
    ]
    one, two = (ConfigurationDigest(path=f"/{name}", sha256=name * 64, size_bytes=1) for name in "ab")
    same = ConfigurationChange(before=(one, two), after=(one,))
    assert list(wording.configuration_lines(same)) == [
        "/a aaaaaaaaaaaa, unchanged",
        "/b bbbbbbbbbbbb -> no longer used",
    ]
    assert list(wording.configuration_lines(ConfigurationChange(after=(one,)))) == [
        "/a aaaaaaaaaaaa (what ran before is not known)"
    ]
    moved = ConfigurationChange(before=(two,), after=(one,))
    assert list(wording.configuration_lines(moved)) == [
        "/a not there -> aaaaaaaaaaaa",
        "/b bbbbbbbbbbbb -> no longer used",
    ]


def test_drains() -> None:
    assert wording.drain_words(DrainForecast(pid=7)) == (
        "pid 7: connections not counted, sessions not counted; nothing ends it but its clients (no hard-stop-after)"
    )
    bounded = DrainForecast(pid=7, connections=1, sessions=0, hard_stop_after_s=30.0, longest_s=5.0)
    assert wording.drain_words(bounded) == (
        "pid 7: 1 connection, 0 sessions, the oldest for 5 s; the hard stop cuts what is left after 30 s"
    )


def test_a_guard_that_could_not_judge_is_not_quiet() -> None:
    def guard(*, tripped: bool, judged: bool) -> GuardResult:
        return GuardResult(
            tripped=tripped,
            judged=judged,
            reason="it says",
            window_s=10.0,
            requests=50,
            errors=4,
            error_ratio_before=0.0,
            error_ratio_after=0.08,
            resets=2,
        )

    seen = "(50 requests in 10 s, 0 % errors before, 8 % after, 2 resets)"
    assert wording.guard_words(guard(tripped=True, judged=True)) == f"TRIPPED: it says {seen}"
    assert wording.guard_words(guard(tripped=False, judged=True)) == f"quiet: it says {seen}"
    assert wording.guard_words(guard(tripped=False, judged=False)) == "guarded nothing: it says"


def test_the_way_back() -> None:
    back = RollbackResult(
        why="the guard tripped", outcome=ReloadOutcome.TAKEN_OVER, new_pid=9, message="it serves"
    )
    assert wording.rollback_words(back) == "taken over by pid 9: it serves (because the guard tripped)"


def test_checks_that_stop_it_come_first() -> None:
    required = PreflightCheck(name="z", state=CheckState.UNKNOWN, message="", required=True)
    ordered = [check.name for check in wording.worst_first((*CHECKS, required))]
    assert ordered == ["binds", "z", "peers", "load-time", "generations"]
    assert wording.check_counts(CHECKS) == "5 checks: 1 passed, 1 warned, 1 failed, 1 forced, 1 unknown"
    assert wording.check_counts(()) == "no checks"


def test_sockets() -> None:
    assert wording.listener_counts(LISTENERS) == "1 inherited, 1 opened anew"
    assert [wording.listener_words(change) for change in LISTENERS] == [
        "0.0.0.0:443 inherited, inode 123, /etc/haproxy/haproxy.cfg:14",
        "0.0.0.0:80 opened anew, inode 124 -> 199, /etc/haproxy/haproxy.cfg:15: its namespace is another one",
    ]
    assert wording.listener_words(ListenerChange(endpoint="/x", fate=ListenerFate.MISSING)) == "/x missing"
    gone = ListenerChange(endpoint="/x", fate=ListenerFate.REMOVED, inodes_before=(5,))
    assert wording.listener_words(gone) == "/x removed, inode 5 -> none"


def test_the_context_of_a_receipt() -> None:
    assert wording.context(make_receipt(haproxy_version=""))[:2] == ("version not known", "master-worker")
