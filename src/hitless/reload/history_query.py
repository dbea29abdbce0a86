"""Which receipts are asked for: the same question for the index and for those that are read one by one."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from hitless.reload.receipt_line import moment
from hitless.reloads import Receipt, ReloadOutcome
from hitless.units import parse_duration_s

__all__ = ["Query", "Traits", "matches", "parse_moment", "traits"]

_AGO = re.compile(r"\d{1,9}[smhd]", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked; "" and the like stand for anything. Times are seconds since 1970."""

    since_s: float | None = None
    until_s: float | None = None
    instance: str = ""
    outcomes: Collection[ReloadOutcome] = ()
    user: str = ""
    """Who ran the command, or who had logged in."""
    pid: int = 0
    """Of an HAProxy process, old or new."""
    text: str = ""
    """In the reason, in capitals or not."""
    id_begins: str = ""
    limit: int = 0
    """The newest so many; 0: all."""

    @property
    def selects(self) -> bool:
        """It asks for some among all, not just for the newest."""
        return replace(self, limit=0) != Query()


class Traits(NamedTuple):
    """What a query looks at. Lists stand in one text, each item between blanks (user names and numbers have none)."""

    id: str
    started_s: float
    instance: str
    outcome: str
    users: str
    pids: str
    text: str


def traits(receipt: Receipt) -> Traits:
    """Return what a query looks at. Raises: ValueError if `started_at` is no time."""
    requester = receipt.requester
    pids = {receipt.new_pid, *receipt.old_pids, *(process.pid for process in receipt.processes)}
    return Traits(
        id=receipt.id,
        started_s=moment(receipt.started_at).timestamp(),
        instance=receipt.instance,
        outcome=receipt.outcome,
        users=f" {requester.user} {requester.login_user} ",
        pids=f" {' '.join(str(pid) for pid in sorted(pids))} ",
        text=receipt.reason.casefold(),
    )


def matches(query: Query, found: Traits) -> bool:
    """Whether a receipt is asked for."""
    return (
        (query.since_s is None or found.started_s >= query.since_s)
        and (query.until_s is None or found.started_s <= query.until_s)
        and (not query.instance or found.instance in {query.instance, f"{query.instance}.service"})
        and (not query.outcomes or found.outcome in query.outcomes)
        and (not query.user or f" {query.user} " in found.users)
        and (not query.pid or f" {query.pid} " in found.pids)
        and query.text.casefold() in found.text
        and found.id.startswith(query.id_begins)
    )


def parse_moment(text: str, now: datetime, *, end: bool = False) -> float:
    """Return the time that "2h" (ago; s, m, h, d), "2026-11-29" (a day, from its beginning or to its `end`) or RFC 3339
    say, in seconds since 1970. What has no offset is UTC.

    Raises: ValueError if it is none of them.
    """  # noqa: D205 - one sentence
    if _AGO.fullmatch(text):
        return now.timestamp() - parse_duration_s(text)
    found = moment(text)
    if _DAY.fullmatch(text) and end:
        found += timedelta(days=1, microseconds=-1)
    return found.timestamp()
