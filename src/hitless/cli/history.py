"""`hitless history`: the reloads there were, from their receipts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from hitless.cli.output import STDOUT, text_style, write_text
from hitless.errors import EvidenceError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitless.reload.history import History
    from hitless.reload.history_query import Query
    from hitless.reloads import Receipt

__all__ = ["command"]

_HELP = """List the reloads that were made with `hitless reload`, the newest first; or show the receipt ID whole.

ID may be cut short. A TIME is a duration before now (30m, 2h, 7d), a day (2026-11-29) or RFC 3339; in UTC where it
names no offset.

Exit status: 0 shown, also if nothing was found; 2 wrong usage, or no receipt ID; 3 receipts could not be read.
"""
_OUTCOMES = (
    *("taken-over", "degraded", "rejected-by-preflight", "rejected-by-haproxy"),
    *("not-taken-over", "rolled-back", "rollback-failed", "interrupted"),
)
_MOST = 10_000
"""They are held in memory."""
_MOST_NAMED = 5

_PARAMETERS = [
    click.Argument(["receipt_id"], metavar="[ID]", required=False),
    click.Option(["--last"], is_flag=True, help="Show the newest (of those asked for) whole."),
    click.Option(["--since"], metavar="TIME", help="Begun then or later."),
    click.Option(["--until"], metavar="TIME", help="Begun then or earlier; of a day, by its end."),
    click.Option(["--instance"], metavar="NAME", help="Of this HAProxy: a unit, or what the list shows."),
    click.Option(
        ["--outcome", "outcomes"], multiple=True, type=click.Choice(_OUTCOMES), help="Ended so; repeatable."
    ),
    click.Option(["--user"], metavar="NAME", help="Asked for by this user, or one logged in as this."),
    click.Option(["--pid"], type=click.IntRange(1), help="With this HAProxy process, old or new."),
    click.Option(["--reason"], metavar="TEXT", help="With this text in the reason, in capitals or not."),
    click.Option(
        ["--limit"], type=click.IntRange(1, _MOST), default=20, show_default=True, help="At most so many."
    ),
    click.Option(
        ["--state-dir"],
        type=click.Path(),
        help="Where hitless keeps its state  [default: /var/lib/hitless; not as root: ~/.local/state/hitless]",
    ),
    click.Option(
        ["--format", "output_format"],
        type=click.Choice(["text", "json", "markdown"]),
        default="text",
        show_default=True,
    ),
]


@click.command("history", params=[*_PARAMETERS], help=_HELP)
def command(**words: Any) -> None:
    """Find receipts and show them."""
    from hitless.reload.history import find_receipts
    from hitless.reload.receipts import receipts_directory

    if words["last"] and words["receipt_id"]:
        raise UsageError("Either a receipt's ID or --last, not both.")
    directory = receipts_directory(words["state_dir"] or "")
    found = find_receipts(directory, _query(words))
    if words["last"] or words["receipt_id"]:
        _show_one(_the_one(found, words["receipt_id"], directory), words["output_format"])
        _warn_of(found)
    else:
        _show_all(found, directory, words)


def _query(words: Mapping[str, Any]) -> Query:
    from hitless.records import writable
    from hitless.reload.history_query import Query
    from hitless.reloads import ReloadOutcome

    # As receipts have it: what the shell gave as bytes that are no text is written out.
    text = {name: writable(words[name] or "") for name in ("instance", "user", "reason", "receipt_id")}
    limit = 1 if words["last"] else _MOST_NAMED if words["receipt_id"] else words["limit"]
    return Query(
        since_s=_time("--since", words["since"], end=False),
        until_s=_time("--until", words["until"], end=True),
        instance=text["instance"],
        outcomes=tuple(map(ReloadOutcome, words["outcomes"])),
        user=text["user"],
        pid=words["pid"] or 0,
        text=text["reason"],
        id_begins=text["receipt_id"],
        limit=limit,
    )


def _time(option: str, text: str | None, *, end: bool) -> float | None:
    from datetime import UTC, datetime

    from hitless.reload.history_query import parse_moment

    if text is None:
        return None
    try:
        return parse_moment(text, datetime.now(UTC), end=end)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"{option} {text} is no time.",
            hint="Write 30m, 2h or 7d ago, 2026-11-29, or 2026-11-29T03:00:00Z.",
        ) from error


def _the_one(found: History, receipt_id: str | None, directory: str) -> Receipt:
    """Return the receipt that is meant. Raises: UsageError if none or several are; EvidenceError if one may be lost."""
    exact = [receipt for receipt in found.receipts if receipt.id == receipt_id]
    if len(exact) == 1 or len(found.receipts) == 1 or (found.receipts and not receipt_id):
        return (exact or found.receipts)[0]
    if found.receipts:
        several = ", ".join(receipt.id for receipt in found.receipts)
        raise UsageError(f"Several receipts begin with {receipt_id}: {several}{', …' if found.more else ''}.")
    which = f"receipt {receipt_id}" if receipt_id else "such receipt"
    if found.unreadable:
        raise EvidenceError(
            f"There is no {which} among those that can be read in {directory}.",
            hint=f"{len(found.unreadable)} lines there are damaged, the newest: {found.unreadable[0]}",
        )
    raise UsageError(
        f"There is no {which} in {directory}.", hint="`hitless history` lists those that are there."
    )


def _warn_of(found: History) -> None:
    """Say what could not be read: the receipt shown may not be the last."""
    from hitless.report.plain import neutralise

    if found.unreadable:
        said = f"{len(found.unreadable)} lines are no receipt, the newest: {found.unreadable[0]}"
        click.echo(f"hitless: {neutralise(said)}", err=True)


def _show_one(receipt: Receipt, output_format: str) -> None:
    if output_format == "json":
        from hitless.report.reload import json

        write_text(json.render(receipt))
    elif output_format == "markdown":
        from hitless.report.reload import markdown

        write_text(markdown.render(receipt))
    else:
        from hitless.report.reload import text

        width, colour = text_style(STDOUT)
        write_text(text.render(receipt, width=width, colour=colour))


def _show_all(found: History, directory: str, words: Mapping[str, Any]) -> None:
    from hitless import __version__
    from hitless.report.reload import history

    notes = []
    if found.not_indexed:
        notes.append(f"read one by one: {found.not_indexed}")
    if not found.receipts and not words["state_dir"] and os.geteuid() != 0:
        notes.append("root's reloads are in /var/lib/hitless: --state-dir /var/lib/hitless")
    listed = history.ReloadHistory(
        tool_version=__version__,
        directory=directory,
        receipts=found.receipts,
        more=found.more,
        unreadable=tuple(map(str, found.unreadable)),
        notes=tuple(notes),
    )
    if words["output_format"] == "json":
        write_text(history.render_json(listed))
    elif words["output_format"] == "markdown":
        write_text(history.render_markdown(listed))
    else:
        width, colour = text_style(STDOUT)
        write_text(history.render(listed, width=width, colour=colour))
