"""Stick-tables: whether the current process has learnt them whole, and which of them no peer carries over.

At a reload the process that leaves teaches the next one over the local peer. If it is itself still being taught by the
one before, entries are under way: waiting a few seconds saves them. If nobody is left to teach it, what it lacks is
lost already, and a reload loses no more. Nothing of this drops a connection, but clients change servers and counters
begin anew.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from hitless.control.process_state import peers_in_sync
from hitless.errors import ControlError
from hitless.findings import Evidence
from hitless.reload.preflight.answers import Answers
from hitless.reload.preflight.asking import CurrentProcess, reach_current

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitless.reload.preflight.options import PreflightOptions
    from hitless.reload.target import Target
    from hitless.reloads import PreflightCheck
    from hitless.subject import Subject

__all__ = ["check_peers", "judge_peers", "parse_tables", "unshared_tables"]

_ANSWER = Answers("peers")
_PERIOD_S = 0.1
_LISTED = 10
_UNFINISHED = (Evidence(text="resynchronisation is not finished", source="show peers"),)
_TABLE = re.compile(r"^# table: (\S+), type: .*\bused:(\d{1,12})", re.MULTILINE | re.ASCII)


def check_peers(target: Target, options: PreflightOptions) -> tuple[PreflightCheck, ...]:
    """Ask the process that serves, and wait for its peers as long as that helps."""
    alone = unshared_tables(target.subject)
    if not alone and not any(target.subject.sections("peers")):
        message = "the configuration has no peers and no stick-tables"
        return (_ANSWER.passed(message),)
    taught = bool(target.old)
    try:
        process = reach_current(target, timeout_s=options.ask_timeout_s + options.peers_timeout_s)
        in_sync = _await_sync(process, options.peers_timeout_s if taught else 0.0)
        used = parse_tables(process.ask("show table")) if alone else {}
    except ControlError as error:
        return (_ANSWER.unknown(error.message),)
    lost = {name: used[name] for name in sorted(alone) if used.get(name)}
    return (judge_peers(in_sync, lost, taught=taught),)


def unshared_tables(subject: Subject) -> frozenset[str]:
    """Return the stick-tables that belong to no peers section, by the name of their proxy."""
    return frozenset(
        proxy.name
        for proxy in subject.model.proxies
        for line in proxy.all("stick-table")
        if "peers" not in line.words and not proxy.disabled
    )


def parse_tables(reply: str) -> dict[str, int]:
    """Return the number of entries by table. Source: HAProxy src/stick_table.c table_dump_head_to_buffer()."""
    return {name: int(used) for name, used in _TABLE.findall(reply)}


def judge_peers(in_sync: bool | None, lost: Mapping[str, int], *, taught: bool) -> PreflightCheck:  # noqa: FBT001 - as facts have it
    """Judge whether tables are whole (None: no peers), and what is in tables that nobody carries over (`lost`).

    `taught`: a process of an earlier generation is alive, which may still be teaching.
    """
    evidence = tuple(
        Evidence(text=f"{name}: {number} entries", source="show table")
        for name, number in [*lost.items()][:_LISTED]
    )
    if in_sync is False and taught:
        return _ANSWER.failed(
            "the current process is still learning its stick-tables from the one before: a reload now loses "
            "what is under way",
            (*_UNFINISHED, *evidence),
            hint="Wait until `show peers` says that it is done, and try again.",
        )
    if lost:
        more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
        first = next(iter(lost))
        return _ANSWER.warned(
            f"no peer carries the stick-table of {first} over ({lost[first]} entries){more}: it begins empty",
            evidence,
            hint="A section `peers` with this host as its local peer, and `peers NAME` on the stick-table line.",
        )
    if in_sync is False:
        return _ANSWER.warned(
            "the stick-tables have not been learnt from any peer; nobody is left to teach them here",
            _UNFINISHED,
        )
    message = "stick-tables are in step with the peers" if in_sync else "no stick-table has entries to lose"
    return _ANSWER.passed(message)


def _await_sync(process: CurrentProcess, timeout_s: float) -> bool | None:
    """Return whether all peers are in step, once they are or after a while.

    Raises: ControlError.
    """
    deadline_s = time.monotonic() + timeout_s
    in_sync = peers_in_sync(process.ask("show peers"))
    while in_sync is False and time.monotonic() < deadline_s:
        time.sleep(_PERIOD_S)
        in_sync = peers_in_sync(process.ask("show peers"))
    return in_sync
