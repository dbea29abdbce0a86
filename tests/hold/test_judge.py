from dataclasses import replace

import pytest

from hitless.hold.held import Held, Process
from hitless.hold.judge import Member, Verdict, judge_socket
from tests.hold.synthetic import listener

INODE = 7
OTHER = 8
CLOSE_AFTER_S = 60.0
OLD = Process(100, 1000)
NEW = Process(200, 2000)


def member(process: Process, *inodes: int, taken: tuple[int, ...] = (), serves: bool = True) -> Member:
    return Member(process, frozenset(inodes), serves, frozenset(taken) if serves else None)


def judge(*members: Member, held: Held | None = None, now_s: float = 10.0) -> Verdict:
    return judge_socket(held or Held(listener(INODE), last_start_ticks=1000), members, now_s, CLOSE_AFTER_S)


def test_somebody_has_it() -> None:
    found = judge(member(OLD, INODE, taken=(INODE,)), held=Held(listener(INODE), unattended_since_s=1.0))
    assert found == Verdict((OLD.pid,), None, OLD.start_ticks)


def test_a_process_that_loads_does_not_count_as_the_youngest() -> None:
    """It has been handed everything, also what it is about to drop."""
    found = judge(member(OLD, INODE, taken=(INODE,)), member(NEW, INODE, serves=False))
    assert found.acceptors == (OLD.pid,)
    assert found.last_start_ticks == OLD.start_ticks


def test_who_loads_accepts_nothing_and_does_not_put_the_bound_off() -> None:
    held = Held(listener(INODE), unattended_since_s=1.0, last_start_ticks=1000)
    loading = member(NEW, INODE, serves=False)
    assert judge(loading, held=held, now_s=1000.0) == Verdict((), 1.0, 1000)
    assert "nobody has accepted" in judge(held=held, now_s=1000.1).why


def test_nobody_is_there() -> None:
    found = judge()
    assert (found.acceptors, found.unattended_since_s, found.why) == ((), 10.0, "")


def test_a_removed_bind_has_a_witness() -> None:
    assert "process 200 serves without it" in judge(member(NEW, OTHER, taken=(OTHER,))).why


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(member(OLD, taken=(INODE, OTHER)), id="it had it: it begins to stop"),
        pytest.param(member(NEW, taken=(INODE,)), id="a younger one had it too"),
        pytest.param(member(NEW, taken=()), id="it listens nowhere: a master"),
        pytest.param(member(NEW, OTHER, serves=False), id="it loads"),
        pytest.param(member(Process(50, 500), OTHER, taken=(OTHER,)), id="it is older, and drains"),
        pytest.param(Member(NEW, frozenset({OTHER}), serves=True, taken=None), id="nothing is known of it"),
    ],
)
def test_no_witness(other: Member) -> None:
    found = judge(other)
    assert (found.why, found.unattended_since_s) == ("", 10.0)


def test_who_cannot_be_looked_into_may_have_it() -> None:
    found = judge(replace(member(NEW, OTHER, taken=(OTHER,)), hidden=True), now_s=1000.0)
    assert (found.acceptors, found.unattended_since_s, found.why) == ((), None, "")


def test_the_bound() -> None:
    held = Held(listener(INODE), unattended_since_s=10.0, last_start_ticks=1000)
    assert judge(held=held, now_s=69.9).why == ""
    assert judge(held=held, now_s=70.0).why == "nobody has accepted on it for 60.0 s"
