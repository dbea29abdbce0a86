"""Following a successor; tests/reload/test_successor.py has the rest, with the start."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hitless.errors import ReloadError
from hitless.host.errors import Denied, HostError
from hitless.host.processes import list_pids, read_children, read_command_line
from hitless.reload import started_successor
from hitless.reload.successor import start_successor
from tests.reload.fake_haproxy import Predecessor, predecessor

DEADLINE_S = 60.0


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Predecessor]:
    with predecessor(tmp_path) as found:
        yield found


def test_where_polling_cannot_be_seen_having_bound_is_enough(
    old: Predecessor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(_pid: int) -> frozenset[int]:
        raise Denied("not ours")

    monkeypatch.setattr(started_successor, "read_polled_inodes", denied)
    with start_successor(old.target(), transfer_from=None, plan=old.plan()) as successor:
        assert successor.wait_started(DEADLINE_S)
        assert successor.notes == ("whether it polls its sockets could not be seen: not ours",)
        successor.withdraw()


def test_a_stand_in_that_is_killed_is_an_error(old: Predecessor) -> None:
    with start_successor(old.target(), transfer_from=None, plan=old.plan(how="hangs")) as successor:
        successor._stand_in.kill()
        with pytest.raises(ReloadError, match="has ended without a word"):
            successor.wait_started(DEADLINE_S)
        successor.withdraw()
    assert old.process.poll() is None


def test_a_start_has_a_deadline_and_leaves_nothing_behind(old: Predecessor) -> None:
    report = old.directory / "report"
    with pytest.raises(ReloadError, match="could not be started within 0 s"):
        start_successor(
            old.target(), transfer_from=None, plan=old.plan(FAKE_REPORT=str(report)), deadline_s=0.0
        )
    assert old.process.poll() is None
    assert read_children(os.getpid()) == [old.pid]
    stand_ins = [pid for pid in list_pids() if str(old.directory) in " ".join(_words(pid))]
    assert stand_ins == []


def _words(pid: int) -> tuple[str, ...]:
    try:
        return read_command_line(pid)
    except HostError:
        return ()


def test_old_processes_that_have_gone_need_no_release(old: Predecessor) -> None:
    with start_successor(old.target(), transfer_from=None, plan=old.plan()) as successor:
        assert successor.wait_started(DEADLINE_S)
        old.process.kill()
        old.process.wait()
        assert successor.release_old() == ()
        successor.withdraw()
