"""What stands in a configuration that keeps lines out of the log, or says less: left as it is, and explained. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.log_lines import logged_frontends
from hitless.audit.logging_setup.formats import UNIQUE_ID_HEADER
from hitless.fixes import Note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject

__all__ = ["explain_choices"]

_OPTIONS = {
    "dontlog-normal": "requests that went well leave no line: much less to write, and nobody can tell how many of how "
    "many failed, nor that a reload hurt none. Take it out at least while reloads are looked into",
    "dontlognull": "connections on which nothing was sent leave no line: port scans and checks, and clients that were "
    "cut before their first byte",
    "logasap": "lines are written before a request has ended: its end, and who cut it, are not in them. Bytes and "
    "total times begin with a plus sign, so that JSON has them as strings",
    "log-separate-errors": "lines of failures have level err: a receiver that filters by level may put them elsewhere",
}


def explain_choices(subject: Subject) -> Iterator[Note]:
    """Yield a note for each option in force, and for what the edits leave alone."""
    frontends = logged_frontends(subject)
    for name, why in _OPTIONS.items():
        places = dict.fromkeys(p.options[name].where for p in frontends if name in p.options)
        for where in places:
            yield Note(where=where, text=f"option {name}: {why}")
    header = UNIQUE_ID_HEADER.split()[1].lower()
    for proxy in frontends:
        if not proxy.log_targets:
            yield from _unlogged(subject, proxy.where, proxy.defaults_where)
        own = next((d for d in proxy.directives if header in (w.lower() for w in d.words[1:])), None)
        if own is not None and own.keyword != "unique-id-header":
            yield Note(
                where=own.where,
                text="requests get X-Request-ID here: the log's id is another one (unique-id-format)",
            )


def _unlogged(subject: Subject, where: str, defaults_where: str) -> Iterator[Note]:
    for section in subject.active:
        if section.header.where in {where, defaults_where}:
            for directive in section.directives:
                if directive.words[:2] == ("no", "log"):
                    yield Note(where=directive.where, text="no log: this frontend stays without a log")
