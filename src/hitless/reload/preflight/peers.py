"""Stick-tables: whether the current process would hand them over, and which of them no peer carries over.

At a reload the process that leaves teaches the next one over the local peer, but only when it has itself been taught,
or has waited in vain for that: 5 s for a local process, then 5 s for other peers. Tried on 2.6.12 and 3.2.26: a reload
within that time begins with an empty table, one after it with all entries (2.2.9 hands over in both). So waiting helps.
Nothing of this drops a connection, but clients change servers and counters begin anew.
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
_TABLE = re.compile(r"^# table: (\S+), type: .*\bused:(\d{1,12})", re.MULTILINE | re.ASCII)


def check_peers(target: Target, options: PreflightOptions) -> tuple[PreflightCheck, ...]:
    """Ask the process that serves, and wait for its peers if it has something to lose."""
    alone = unshared_tables(target.subject)
    if not alone and not any(target.subject.sections("peers")):
        return (_ANSWER.passed("the configuration has no peers and no stick-tables"),)
    try:
        process = reach_current(target, timeout_s=options.ask_timeout_s + options.peers_timeout_s)
        used = parse_tables(process.ask("show table"))
        shared = sum(number for name, number in used.items() if name not in alone)
        in_sync = _await_sync(process, options.peers_timeout_s if shared else 0.0)
    except ControlError as error:
        return (_ANSWER.unknown(error.message),)
    lost = {name: used[name] for name in sorted(alone) if used.get(name)}
    return (judge_peers(in_sync, shared, lost),)


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


def judge_peers(in_sync: bool | None, shared: int, lost: Mapping[str, int]) -> PreflightCheck:  # noqa: FBT001 - as facts have it
    """Judge whether the process would teach the next one (None: it has no peers).

    `shared` is how many entries its tables with peers have, `lost` those of tables without, by name.
    """
    evidence = tuple(
        Evidence(text=f"{name}: {number} entries", source="show table")
        for name, number in [*lost.items()][:_LISTED]
    )
    if in_sync is False and shared:
        return _ANSWER.failed(
            f"the process that serves has not been taught yet, and so does not teach: a reload now loses the {shared} "
            "entries of its stick-tables",
            (Evidence(text="resynchronisation is not finished", source="show peers"), *evidence),
            hint="Wait: ten seconds after its start at the latest it is done.",
        )
    if lost:
        more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
        first = next(iter(lost))
        return _ANSWER.warned(
            f"no peer carries the stick-table of {first} over ({lost[first]} entries){more}: it begins empty",
            evidence,
            hint="A section `peers` with this host as its local peer, and `peers NAME` on the stick-table line.",
        )
    return _ANSWER.passed(
        f"{shared} entries of stick-tables are handed over" if shared else "no stick-table has entries"
    )


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
