"""What an observation of an instance's processes means for the sockets held for it. Pure.

A socket that nobody has open any more is one of two: its service is down, and clients wait for the next process; or a
next process serves already, and has not taken it: then its bind has been removed, and clients are to be refused. The
difference is a witness: a process that serves, has other listening sockets, and started after the last that had this
one. A process that had it and let it go is no witness: that is how each one begins to stop. One that has it open and
does not serve yet accepts nothing; but it is not closed under its hands.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from hitless.hold.held import Held, Process

__all__ = ["Member", "Verdict", "judge_socket"]


@dataclass(frozen=True, slots=True)
class Member:
    """A process of the instance as it was seen."""

    process: Process
    open: frozenset[int]
    """Which of the held sockets it has open, by inode."""
    serves: bool = False
    """It has entered its loop."""
    taken: frozenset[int] | None = None
    """The listening sockets it had as it came up; None before that, and of a master."""
    hidden: bool = False
    """Its open files could not be looked at."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be known of a socket from now on; `why` it is to be closed, "" if it is not."""

    acceptors: tuple[int, ...]
    unattended_since_s: float | None
    last_start_ticks: int
    why: str = ""


def judge_socket(held: Held, members: Iterable[Member], now_s: float, close_after_s: float) -> Verdict:
    """Return what the members say of a socket."""
    members = list(members)
    having = [member for member in members if held.inode in member.open]
    youngest = max([held.last_start_ticks, *(m.process.start_ticks for m in having if m.serves)])
    accepting = tuple(member.process.pid for member in having if member.serves)
    if accepting:
        return Verdict(accepting, None, youngest)
    if any(member.hidden for member in members):
        return Verdict((), None, youngest)
    since_s = now_s if held.unattended_since_s is None else held.unattended_since_s
    if having:  # they load; one that asks and fails, again and again, does not put the bound off
        return Verdict((), since_s, youngest)
    witness = next((m for m in members if _testifies(m, held.inode, youngest)), None)
    if witness is not None:
        return Verdict((), now_s, youngest, f"process {witness.process.pid} serves without it")
    waited_s = now_s - since_s
    why = f"nobody has accepted on it for {waited_s:.1f} s" if waited_s >= close_after_s else ""
    return Verdict((), since_s, youngest, why)


def _testifies(member: Member, inode: int, youngest_ticks: int) -> bool:
    return (
        member.serves
        and bool(member.taken)
        and inode not in (member.taken or ())
        and member.process.start_ticks > youngest_ticks
    )
