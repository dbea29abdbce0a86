import msgspec
import pytest

from hitless.facts import MasterProcess, MasterView, Process, Role, RunMode
from hitless.findings import Evidence
from hitless.reload.preflight.last_reload import check_last_reload, judge_last_reload, transfer_is_lost
from hitless.reload.preflight.options import PreflightOptions
from hitless.reload.target import Target
from hitless.reloads import CheckState
from tests.reload.preflight.targets import MASTER, WORKER, target

EXPOSING = "global\n    stats socket /run/a.sock expose-fd listeners\n"
FAILED = Evidence(text="1 failed reloads", source="show proc")
WAITS = {"HAPROXY_MWORKER_WAIT_ONLY": "1"}


def seen(
    words: str,
    version: str,
    *,
    text: str = EXPOSING,
    waits: bool = False,
    more: tuple[Process, ...] = (),
    mode: RunMode = RunMode.MASTER_WORKER,
) -> Target:
    master = msgspec.structs.replace(MASTER, arguments=tuple(words.split()))
    return target(
        text,
        version=version,
        mode=mode,
        processes=(master, WORKER, *more),
        environment=WAITS if waits else {},
    )


STARTING = Process(pid=102, parent_pid=100, role=Role.WORKER, generation=None)


@pytest.mark.parametrize(
    ("words", "version", "waits", "lost"),
    [
        # As seen on real processes; worker 101 serves.
        ("haproxy -W -f a", "3.2.26", False, False),
        ("haproxy -sf 90 -x sockpair@3 -W -f a", "3.2.26", False, False),
        ("haproxy -sf 101 -x sockpair@3 -W -f a", "3.2.26", False, True),
        ("haproxy -sf 90 101 -x sockpair@3 -W -f a", "3.1.0", False, True),
        ("haproxy -st 101 -x sockpair@3 -W -f a", "3.4.0", False, True),
        ("haproxy -sf 101 -x sockpair@3 -W -f a", "3.0.11", True, False),
        ("haproxy -W -f a", "2.6.12", True, False),
        ("haproxy -W -f a", "2.2.9", True, True),
        ("haproxy -W -f a", "2.2.9", False, False),
        ("haproxy -sf 101 -x /run/a.sock -W -f a", "2.2.9", True, False),
        ("haproxy -sf 90 -x /run/a.sock -W -f a", "2.2.9", False, False),
    ],
)
def test_in_which_states_the_transfer_is_lost(words: str, version: str, *, waits: bool, lost: bool) -> None:
    assert bool(transfer_is_lost(seen(words, version, waits=waits))) is lost
    assert not transfer_is_lost(seen(words, version, waits=waits, mode=RunMode.CLASSIC))


def test_what_is_still_going_on_has_not_failed() -> None:
    assert not transfer_is_lost(seen("haproxy -sf 101 -x sockpair@3 -W -f a", "3.2.26", more=(STARTING,)))


def test_who_never_had_a_transfer_has_not_lost_it() -> None:
    assert not transfer_is_lost(seen("haproxy -W -f a", "2.2.9", waits=True, text="global\n    maxconn 9\n"))


@pytest.mark.parametrize(
    ("failed", "lost", "migrates", "no_reuseport", "remedy", "state"),
    [
        (None, "", False, False, "", CheckState.PASSED),
        (FAILED, "", False, False, "", CheckState.WARNED),
        (FAILED, "lost", False, False, "", CheckState.FAILED),
        (None, "lost", False, False, "", CheckState.FAILED),
        (FAILED, "lost", True, False, "", CheckState.WARNED),
        (FAILED, "lost", True, True, "", CheckState.FAILED),
        (FAILED, "lost", False, True, "we hold the sockets", CheckState.WARNED),
    ],
)
def test_what_follows(
    failed: Evidence | None, lost: str, *, migrates: bool, no_reuseport: bool, remedy: str, state: CheckState
) -> None:
    check = judge_last_reload(
        failed,
        lost,
        migrates=migrates,
        no_reuseport=no_reuseport,
        bind_failure_ends_service=False,
        remedy=remedy,
    )
    assert check.state is state
    assert remedy in check.message


def test_what_a_second_failure_would_do_on_old_versions_is_said() -> None:
    lost = judge_last_reload(None, "lost", migrates=True, no_reuseport=False, bind_failure_ends_service=True)
    assert "if a bind fails as well it ends the service" in lost.message


def test_what_master_and_service_manager_say_is_taken() -> None:
    row = MasterProcess(pid=101, kind="worker", reloads=1, age_s=9.0, version="2.8.25", old=False)
    view = MasterView(socket="/run/m.sock", processes=(row,), failed_reloads=2)
    (check,) = check_last_reload(target(master=view), PreflightOptions())
    assert check.state is CheckState.WARNED
    assert check.evidence[0].text == "2 failed reloads since the last good one"
    (clean,) = check_last_reload(target(), PreflightOptions())
    assert clean.state is CheckState.PASSED
