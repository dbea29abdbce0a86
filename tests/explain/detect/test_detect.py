import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitless.explain.detect.detect import detect_changes
from hitless.logged import Blind, Certainty, Change, ChangeKind, Detection, ServiceKind
from tests.explain.detect.histories import History, offset_s

K = ChangeKind


def detect(*histories: History) -> Detection:
    return detect_changes(
        [activity for history in histories for activity in history.table.activities],
        [message for history in histories for message in history.own],
        [service for history in histories for service in history.services],
    )


def kinds(found: Detection) -> list[ChangeKind]:
    return [change.kind for change in found.changes]


def only(found: Detection) -> Change:
    assert len(found.changes) == 1, found.changes
    return found.changes[0]


def test_a_log_without_a_change() -> None:
    history = History()
    history.serve(0, 60, 100)
    found = detect(history)
    assert found.changes == ()
    (generation,) = found.generations
    assert (generation.pid, generation.lines, generation.frontends) == (100, 300, ("web",))
    assert Blind.NO_MASTER_MESSAGES in found.blind


def test_nothing_at_all() -> None:
    assert detect(History()) == Detection(
        blind=(Blind.NO_TRAFFIC, Blind.NO_OWN_MESSAGES, Blind.NO_MASTER_MESSAGES)
    )


@pytest.mark.parametrize("coarse", [False, True])
def test_a_reload_that_only_the_processes_show(*, coarse: bool) -> None:
    history = History(coarse=coarse)
    history.serve(0, 10, 100)
    history.soft_stop(10.05, 100)
    history.serve(10.1, 20, 200)
    history.request(9.9, 100, took=4.0)
    change = only(detect(history))
    assert (change.kind, change.certainty) == (K.RELOAD, Certainty.SHOWN)
    assert (change.old_pids, change.new_pids) == ((100,), (200,))
    assert offset_s(change.at) <= 10.05 <= offset_s(change.at) + change.at.error_ns / 1e9
    assert change.shown_by
    old, new = detect(history).generations
    assert old.pid == 100
    assert old.drained_ns is not None
    assert 2.9e9 <= old.drained_ns <= 4e9
    assert new.drained_ns is None


def test_a_reload_that_the_master_states() -> None:
    history = History()
    history.say(-0.1, 1, "New worker (100) forked")
    history.say(0, 1, "Loading success.")
    history.serve(0, 10, 100)
    history.say(10, 1, "Reloading HAProxy")
    history.soft_stop(10.05, 100)
    history.say(10.06, 1, "New worker (200) forked")
    history.say(10.07, 1, "Loading success.")
    history.serve(10.1, 20, 200)
    history.say(12, 1, "Former worker (100) exited with code 0 (Exit)")
    found = detect(history)
    assert kinds(found) == [K.START, K.RELOAD]
    reload = found.changes[1]
    assert (reload.certainty, reload.master) == (Certainty.STATED, 1)
    assert offset_s(reload.at) == 10
    assert reload.until is not None
    assert offset_s(reload.until) == pytest.approx(10.07)
    assert found.generations[0].drained_ns == pytest.approx(1.95e9)
    assert found.blind == ()


def test_reloads_of_messages_alone() -> None:
    history = History()
    history.say(0, 1, "Initializing new worker (100)")
    history.say(0.1, 1, "Loading success.")
    for n in range(1, 4):
        history.say(n * 10, 1, "Reloading HAProxy")
        history.say(n * 10 + 0.1, 1, f"Initializing new worker ({100 + n})")
        history.soft_stop(n * 10 + 0.2, 99 + n)
        history.say(n * 10 + 0.3, 1, "Loading success.")
        history.say(n * 10 + 0.4, 1, f"Former worker ({99 + n}) exited with code 0 (Exit)")
    found = detect(history)
    assert kinds(found) == [K.START, K.RELOAD, K.RELOAD, K.RELOAD]
    assert [c.new_pids for c in found.changes] == [(100,), (101,), (102,), (103,)]
    assert [c.old_pids for c in found.changes] == [(), (100,), (101,), (102,)]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (  # up to 2.4
            [
                (1, "Reexecuting Master process"),
                (1, "parsing [/etc/h.cfg:14] : unknown keyword 'x' in 'frontend' section"),
                (1, "Fatal errors found in configuration."),
                (1, "Reexecuting Master process in waitpid mode"),
                (1, "Reexecuting Master process"),
            ],
            "parsing [/etc/h.cfg:14] : unknown keyword 'x' in 'frontend' section",
        ),
        (  # up to 3.0
            [
                (1, "Reloading HAProxy"),
                (1, "config : parsing [/etc/h.cfg:14] : unknown keyword 'x'"),
                (1, "Loading failure!"),
            ],
            "config : parsing [/etc/h.cfg:14] : unknown keyword 'x'",
        ),
        (  # since 3.1
            [
                (1, "Reloading HAProxy"),
                (300, "config : parsing [/etc/h.cfg:14] : unknown keyword 'x'"),
                (1, "Initializing new worker (300)"),
                (1, "Failed to load worker (300) exited with code 1 (Exit)"),
            ],
            "config : parsing [/etc/h.cfg:14] : unknown keyword 'x'",
        ),
    ],
)
def test_a_reload_that_the_configuration_fails(lines: list[tuple[int, str]], reason: str) -> None:
    history = History()
    history.serve(0, 20, 100)
    history.say(0, 1, "New worker (100) forked")
    for n, (pid, text) in enumerate(lines):
        history.say(10 + n / 100, pid, text)
    found = detect(history)
    assert kinds(found) == [K.START, K.FAILED_RELOAD]
    failed = found.changes[1]
    assert (failed.reason, failed.certainty, failed.master) == (reason, Certainty.STATED, 1)
    assert failed.refused_ns == 0
    assert [g.pid for g in found.generations] == [100]


@pytest.mark.parametrize("stated", [True, False])
def test_a_failed_bind_refuses_clients_meanwhile(*, stated: bool) -> None:
    history = History()
    history.serve(0, 10, 100)
    history.serve(12.1, 20, 100)
    if stated:
        history.say(0, 1, "New worker (100) forked")
        history.say(9.9, 1, "Reloading HAProxy")
    history.say(10, 100, "Paused frontend web.")
    if stated:
        history.say(
            12,
            1,
            "Binding [/etc/h.cfg:15] for frontend web: cannot bind socket (Address already in use) for [:::80]",
        )
        history.say(12.01, 1, "Loading failure!")
    history.say(12.04, 100, "Resumed frontend web.")
    failed = [c for c in detect(history).changes if c.kind is not K.START]
    assert len(failed) == 1
    assert failed[0].kind is K.FAILED_RELOAD
    assert failed[0].refused_ns == pytest.approx(2.04e9)
    assert failed[0].old_pids == (100,)
    assert failed[0].certainty is (Certainty.STATED if stated else Certainty.SHOWN)
    assert failed[0].reason.startswith("Binding" if stated else "")


def test_a_pause_that_was_refused_is_an_outage() -> None:
    history = History()
    history.serve(0, 10, 100)
    history.say(10, 100, "Pausing frontend web.")
    history.say(10, 100, "Some proxies refused to pause, performing soft stop now.")
    found = detect(history)
    assert kinds(found) == [K.FAILED_RELOAD, K.STOP]
    assert "outage" in found.changes[0].notes[0]


def test_a_reload_that_the_check_refused_never_reaches_haproxy() -> None:
    history = History()
    history.serve(0, 20, 100)
    history.manage(10, ServiceKind.RELOADING, "Reloading haproxy.service - HAProxy Load Balancer...")
    history.manage(10.1, ServiceKind.CONTROL_EXITED, "Control process exited", number=1, state="exited")
    history.manage(10.1, ServiceKind.RELOAD_FAILED, "Reload failed for haproxy.service")
    change = only(detect(history))
    assert (change.kind, change.reason) == (K.FAILED_RELOAD, "Control process exited")
    assert offset_s(change.at) == 10


def test_systemd_states_a_reload() -> None:
    history = History()
    history.serve(0, 10, 100)
    history.manage(9.9, ServiceKind.RELOADING)
    history.manage(10.2, ServiceKind.RELOADED)
    history.serve(10.1, 20, 200)
    change = only(detect(history))
    assert (change.kind, change.certainty) == (K.RELOAD, Certainty.STATED)
    assert offset_s(change.at) == pytest.approx(9.9)


def test_a_restart_that_systemd_states() -> None:
    history = History()
    history.serve(0, 10, 100)
    for seconds, kind in (
        (10, ServiceKind.STOPPING),
        (10.5, ServiceKind.STOPPED),
        (10.6, ServiceKind.STARTING),
    ):
        history.manage(seconds, kind)
    history.serve(11, 20, 200)
    change = only(detect(history))
    assert (change.kind, change.certainty) == (K.RESTART, Certainty.STATED)
    assert 1.0e9 < change.unserved_ns < 1.4e9


def test_a_restart_that_the_master_states() -> None:
    history = History()
    history.say(0, 1, "New worker (100) forked")
    history.serve(0, 10, 100)
    history.say(10, 1, "Exiting Master process...")
    history.say(10, 1, "Current worker (100) exited with code 143 (Terminated)")
    history.say(10.1, 1, "All workers exited. Exiting... (0)")
    history.say(11, 2, "New worker (200) forked")
    history.serve(11.1, 20, 200)
    found = detect(history)
    assert kinds(found) == [K.START, K.RESTART]
    assert found.changes[1].certainty is Certainty.STATED
    assert found.generations[0].exit_code == 143


def test_a_crash() -> None:
    history = History()
    history.say(0, 1, "New worker (100) forked")
    history.serve(0, 10, 100)
    history.say(10, 1, "Current worker (100) exited with code 139 (Segmentation fault)")
    history.say(10.5, 2, "New worker (200) forked")
    history.serve(10.6, 20, 200)
    found = detect(history)
    assert kinds(found) == [K.START, K.CRASH]
    assert (found.changes[1].exit_code, found.changes[1].new_pids) == (139, (200,))


def test_a_crash_that_systemd_states() -> None:
    history = History()
    history.serve(0, 10, 100)
    history.manage(10, ServiceKind.MAIN_EXITED, number=9, state="killed")
    history.manage(10.2, ServiceKind.STARTING)
    history.serve(11, 20, 200)
    history.manage(20, ServiceKind.STOPPING)
    history.manage(20.1, ServiceKind.MAIN_EXITED, number=15, state="killed")
    history.serve(21, 30, 300)
    found = detect(history)
    assert [(c.kind, c.exit_code) for c in found.changes] == [(K.CRASH, 137), (K.RESTART, 0)]


def test_a_crash_that_was_the_end() -> None:
    history = History()
    history.serve(0, 10, 100)
    history.say(10, 1, "Current worker (100) exited with code 134 (Aborted)")
    change = only(detect(history))
    assert (change.kind, change.exit_code, change.new_pids) == (K.CRASH, 134, ())


def test_a_hard_stop_after_a_reload() -> None:
    history = History()
    history.serve(0, 10, 100)
    history.soft_stop(10, 100)
    history.serve(10.1, 30, 200)
    history.say(20, 100, "soft-stop running for too long, performing a hard-stop.")
    history.say(20, 100, "Proxy web hard-stopped (3 remaining conns will be closed).")
    history.say(20, 100, "Proxy tcp hard-stopped (2 remaining conns will be closed).")
    found = detect(history)
    assert kinds(found) == [K.RELOAD, K.HARD_STOP]
    assert found.changes[1].cut_connections == 5
    assert found.changes[1].old_pids == (100,)
    assert found.generations[0].cut_connections == 5


def test_a_stop_and_a_start_much_later() -> None:
    history = History()
    history.serve(0, 10, 100)
    history.soft_stop(10, 100)
    history.serve(1000, 1010, 200)
    change = only(detect(history))
    assert change.kind is K.START
    assert change.unserved_ns > 900e9


def test_a_stop() -> None:
    history = History()
    history.serve(0, 10, 100)
    history.soft_stop(10, 100)
    change = only(detect(history))
    assert (change.kind, change.old_pids) == (K.STOP, (100,))


def test_without_messages_finishing_what_one_has_shows_a_reload() -> None:
    history = History()
    history.serve(0, 10, 100)
    history.request(9.9, 100, took=5)
    history.serve(10.1, 20, 200)
    change = only(detect(history))
    assert (change.kind, change.certainty) == (K.RELOAD, Certainty.SHOWN)


def test_without_any_sign_it_stays_open() -> None:
    history = History()
    history.serve(0, 10, 100)
    history.serve(10.5, 20, 200)
    change = only(detect(history))
    assert change.kind is K.REPLACED
    assert offset_s(change.at) == pytest.approx(9.8)
    assert change.at.error_ns == pytest.approx(0.7e9, abs=2e6)


def test_where_stops_are_logged_a_silent_end_is_a_restart() -> None:
    history = History()
    history.serve(0, 10, 100)
    history.soft_stop(10, 100)
    history.serve(10.1, 20, 200)
    history.serve(21, 30, 300)
    found = detect(history)
    assert kinds(found) == [K.RELOAD, K.RESTART]
    assert found.changes[1].certainty is Certainty.LIKELY
    assert found.changes[1].notes


def test_processes_side_by_side_are_one_generation() -> None:
    history = History()
    history.serve(0, 10, 100, 101)
    history.soft_stop(10, 100)
    history.soft_stop(10, 101)
    history.serve(10.1, 20, 200, 201)
    change = only(detect(history))
    assert (change.kind, change.old_pids, change.new_pids) == (K.RELOAD, (100, 101), (200, 201))


def test_an_instance_that_goes_on_is_not_replaced() -> None:
    history = History()
    history.serve(0, 100, 100)
    history.serve(20, 100, 200)
    change = only(detect(history))
    assert (change.kind, change.old_pids, change.new_pids) == (K.START, (), (200,))
    assert "100 went on serving" in change.notes[0]


def test_services_of_other_frontends_do_not_mix() -> None:
    history = History()
    history.serve(0, 20, 100, frontend="web")
    history.serve(0, 10, 500, frontend="mail")
    history.soft_stop(10, 500, "mail")
    history.serve(10.1, 20, 600, frontend="mail")
    change = only(detect(history))
    assert (change.old_pids, change.new_pids) == ((500,), (600,))


def test_hosts_do_not_mix() -> None:
    one, two = History(host="lb1"), History(host="lb2")
    one.serve(0, 20, 100)
    two.serve(0, 10, 100)
    two.soft_stop(10, 100)
    two.serve(10.1, 20, 200)
    change = only(detect(one, two))
    assert change.host == "lb2"


def test_a_pid_that_comes_back_is_another_process() -> None:
    history = History()
    history.serve(0, 10, 100)
    history.soft_stop(10, 100)
    history.serve(10.1, 5000, 200, every=5)
    history.soft_stop(5000, 200)
    history.serve(5000.1, 5010, 100)
    found = detect(history)
    assert [(c.kind, c.old_pids, c.new_pids) for c in found.changes] == [
        (K.RELOAD, (100,), (200,)),
        (K.RELOAD, (200,), (100,)),
    ]


def test_sockets_that_were_not_handed_over_are_noted() -> None:
    history = History()
    history.say(0, 1, "New worker (100) forked")
    history.serve(0, 10, 100)
    history.say(10, 1, "Reloading HAProxy")
    history.say(10, 1, "Failed to get the sockets from the old process!")
    history.say(10.1, 1, "New worker (200) forked")
    history.say(10.1, 1, "Loading success.")
    history.serve(10.2, 20, 200)
    assert "could not fetch" in detect(history).changes[1].notes[0]


def test_lines_without_a_pid_make_one_blind() -> None:
    history = History(coarse=True)
    history.serve(0, 10, 0)
    found = detect(history)
    assert found.changes == ()
    assert {Blind.NO_PID, Blind.COARSE_TIME} <= set(found.blind)


EVENTS = ("reload", "failed", "bind", "restart", "hard_stop")
Planted = tuple[ChangeKind, float, tuple[int, ...], tuple[int, ...]]


class Planter:
    """Lets a service live through events, thirty seconds apart, and notes what there is to be found."""

    def __init__(self, *, journal: bool, coarse: bool) -> None:
        self.history = History(coarse=coarse)
        self.planted: list[Planted] = []
        self.journal = journal
        self.master, self.worker, self.begin = 1, 100, 0.0
        self.master_says(-1, f"New worker ({self.worker}) forked", "Loading success.")

    def master_says(self, seconds: float, *texts: str) -> None:
        if self.journal:
            for n, text in enumerate(texts):
                self.history.say(seconds + n / 100, self.master, text)

    def happen(self, event: str, now: float) -> None:
        getattr(self, f"_{event}")(now)

    def end(self, now: float) -> None:
        self.history.serve(self.begin, now, self.worker)

    def _failed(self, now: float) -> None:
        self.master_says(now, "Reloading HAProxy", "config : parsing [/etc/h.cfg:1] : no", "Loading failure!")
        if self.journal:
            self.planted.append((K.FAILED_RELOAD, now, (), ()))

    def _bind(self, now: float) -> None:
        self.end(now)
        self.master_says(now, "Reloading HAProxy")
        self.history.say(now + 0.01, self.worker, "Paused frontend web.")
        self.master_says(now + 2, "Loading failure!")
        self.history.say(now + 2, self.worker, "Resumed frontend web.")
        self.planted.append((K.FAILED_RELOAD, now, (self.worker,), ()))
        self.begin = now + 2.05

    def _restart(self, now: float) -> None:
        self.end(now)
        self.master_says(
            now,
            "Exiting Master process...",
            f"Current worker ({self.worker}) exited with code 143 (Terminated)",
        )
        self.master += 1
        self.planted.append((K.RESTART, now, (self.worker,), (self.worker + 10,)))
        self.worker, self.begin = self.worker + 10, now + 1.5
        self.master_says(now + 1, f"New worker ({self.worker}) forked")

    def _reload(self, now: float) -> None:
        self.end(now)
        self.master_says(now, "Reloading HAProxy")
        self.history.soft_stop(now + 0.02, self.worker)
        self.planted.append((K.RELOAD, now, (self.worker,), (self.worker + 10,)))
        self.worker, self.begin = self.worker + 10, now + 0.05
        self.master_says(now + 0.03, f"New worker ({self.worker}) forked", "Loading success.")

    def _hard_stop(self, now: float) -> None:
        old = self.worker
        self._reload(now)
        self.history.say(now + 10, old, "soft-stop running for too long, performing a hard-stop.")
        self.planted.append((K.HARD_STOP, now + 10, (old,), ()))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(EVENTS), min_size=1, max_size=6), st.booleans(), st.booleans())
def test_a_planted_history_is_found_again(events: list[str], journal: bool, coarse: bool) -> None:  # noqa: FBT001
    """Whatever happens in which order: each is found, at its time, with its processes."""
    planter = Planter(journal=journal, coarse=coarse)
    for n, event in enumerate(events, 1):
        planter.happen(event, n * 30.0)
    planter.end((len(events) + 1) * 30.0)
    found = [c for c in detect(planter.history).changes if c.kind is not K.START]
    assert len(found) == len(planter.planted)
    stops_are_seen = journal or {"reload", "hard_stop"} & set(events)
    for change, (kind, when, old, new) in zip(found, planter.planted, strict=True):
        assert change.kind is (kind if kind is not K.RESTART or stops_are_seen else K.REPLACED)
        assert (change.old_pids, change.new_pids) == (old, new)
        assert offset_s(change.at) - 1.1 <= when <= offset_s(change.at) + change.at.error_ns / 1e9 + 1.1
