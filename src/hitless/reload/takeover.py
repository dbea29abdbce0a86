"""Whether the new process has taken over: four questions, each answered by an observation. Pure.

A name that answers proves nothing: the old process can answer. The new one has taken over when (a) it is a new process
that its master lists as the current one, (b) it holds a listening socket of every expected address, (c) it answers with
its own pid, and (d) no process outside of the instance, and no old one, still holds a listening socket of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hitless.host.held_listener import unix_path
from hitless.reloads import ListenerChange, ListenerFate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Proof", "Seen", "actual_listeners", "judge_takeover", "unix_path"]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of the instance at one moment. None: it could not be asked."""

    candidate: int
    """The newest process that holds listening sockets; 0 without one."""
    held: Mapping[int, frozenset[str]]
    """By process of the instance: the endpoints it holds a listening socket of."""
    current: frozenset[int] | None = None
    """The workers that the master lists as current; None in classic mode, and where it was not reached."""
    has_master_cli: bool = False
    answered_by: int | None = None
    """The process that answered, or that accepted a connection."""
    answer: str = ""
    """How it was asked, or why it could not be."""
    strangers: Mapping[int, str] | None = field(default_factory=dict)
    """Processes outside of the instance that hold one of its listening sockets, with their names."""


@dataclass(frozen=True, slots=True)
class Proof:
    """The answer. `missing` says in words what is not so, or could not be asked; empty: proven."""

    pid: int = 0
    missing: tuple[str, ...] = ()
    stranded: tuple[int, ...] = ()
    """Who holds a listening socket of it, and should not."""
    how: tuple[str, ...] = ()
    """What was seen, for each question that is answered."""
    unseen: bool = False
    """All that is missing is what could not be looked at."""

    @property
    def proven(self) -> bool:
        """All four questions are answered with yes."""
        return self.pid != 0 and not self.missing


def judge_takeover(seen: Seen, expected: Iterable[str]) -> Proof:
    """Return whether the process that is to serve is proven to."""
    pid = seen.candidate
    if not pid:
        return Proof(missing=("no process that is to serve holds a listening socket",))
    missing: list[str] = []
    how: list[str] = []
    if seen.has_master_cli:
        if seen.current and pid in seen.current:
            how.append(f"the master lists worker {pid} as the current one")
        else:
            missing.append(f"the master does not list process {pid} as the current worker")
    wanted = frozenset(expected)
    lacking = sorted(wanted - seen.held.get(pid, frozenset()))
    if lacking:
        missing.append(f"process {pid} does not listen on {_some(lacking)}")
    else:
        how.append(f"process {pid} holds the listening sockets of {len(wanted)} addresses")
    if seen.answered_by == pid:
        how.append(f"process {pid} answered {seen.answer}")
    elif seen.answered_by is None:
        missing.append(f"process {pid} did not answer: {seen.answer}")
    else:
        missing.append(f"process {seen.answered_by} answered {seen.answer}, not process {pid}")
    stranded = _judge_holders(seen, pid, missing, how)
    unseen = seen.strangers is None and len(missing) == 1
    return Proof(pid, tuple(missing), stranded, tuple(how), unseen)


def _judge_holders(seen: Seen, pid: int, missing: list[str], how: list[str]) -> tuple[int, ...]:
    ours = seen.held.get(pid, frozenset())
    old = tuple(sorted(other for other, endpoints in seen.held.items() if other != pid and endpoints & ours))
    if old:
        missing.append(f"the old process {_some(map(str, old))} still listens")
    if seen.strangers is None:
        missing.append("who else holds its listening sockets could not be seen")
        return old
    strangers = tuple(sorted(seen.strangers))
    if strangers:
        names = _some(f"{seen.strangers[other]} (pid {other})" for other in strangers)
        missing.append(f"{names} holds a listening socket of it, and does not belong to it")
    elif not old:
        how.append("nobody else holds one of them")
    return (*old, *strangers)


def actual_listeners(
    planned: Iterable[ListenerChange],
    before: Mapping[str, frozenset[int]],
    after: Mapping[str, frozenset[int]],
) -> tuple[ListenerChange, ...]:
    """Return what became of each listening address, by the inodes that the process held before and holds now.

    `planned` gives the places, and the reasons for what was to be opened anew.
    """
    plan = {change.endpoint: change for change in planned}
    found = []
    for endpoint in sorted({*before, *after, *(e for e, c in plan.items() if _is_watched(c))}):
        old, new = before.get(endpoint, frozenset()), after.get(endpoint, frozenset())
        change = plan.get(endpoint)
        fate = _fate(old, new, change)
        found.append(
            ListenerChange(
                endpoint=endpoint,
                fate=fate,
                inodes_before=tuple(sorted(old)),
                inodes_after=tuple(sorted(new)),
                where=change.where if change else "",
                why=change.why if change and fate is ListenerFate.OPENED_ANEW else "",
            )
        )
    return tuple(found)


def _is_watched(change: ListenerChange) -> bool:
    return change.fate in {ListenerFate.NEW, ListenerFate.INHERITED, ListenerFate.OPENED_ANEW}


def _fate(old: frozenset[int], new: frozenset[int], change: ListenerChange | None) -> ListenerFate:
    if not new:
        removed = change is None or change.fate is ListenerFate.REMOVED
        return ListenerFate.REMOVED if removed else ListenerFate.MISSING
    if not old:
        return ListenerFate.NEW
    return ListenerFate.INHERITED if old <= new else ListenerFate.OPENED_ANEW


def _some(words: Iterable[str], most: int = 5) -> str:
    listed = list(words)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more
