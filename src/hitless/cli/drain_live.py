"""`hitless drain --watch`: a view that is drawn anew every second, or in a pipe a line for each change."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from hitless import __version__
from hitless.cli.output import STDOUT, text_style, write_text
from hitless.drains import DrainReport
from hitless.errors import ControlError, ExitCode
from hitless.report.drain import json, text
from hitless.report.drain.wording import summary
from hitless.report.plain import neutralise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hitless.cli.drain_words import Wish
    from hitless.drains import DrainView
    from hitless.reload.drain.read import DrainReader

__all__ = ["watch"]

_EVERY_S = 1.0


def watch(reader: DrainReader, wish: Wish) -> ExitCode:
    """Show the view until Ctrl-C; with `wait` until no old generation is left.

    Raises: ControlError if HAProxy has ended; HostError if its processes cannot be seen.
    """
    on_terminal = sys.stdout is not None and sys.stdout.isatty() and wish.output_format == "text"
    views = _views(reader, until_gone=wish.wait)
    try:
        if on_terminal:
            _draw(views)
        else:
            _write_changes(views, _as_json if wish.output_format == "json" else _as_line)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    return ExitCode.CLEAN


def _views(reader: DrainReader, *, until_gone: bool) -> Iterator[DrainView]:
    next_s = time.monotonic()
    while True:
        view, _ = reader.look()
        if not view.generations:
            raise ControlError(f"{view.instance} has ended.")
        yield view
        if until_gone and not view.old:
            return
        now_s = time.monotonic()
        next_s = max(next_s + _EVERY_S, now_s)
        time.sleep(next_s - now_s)


def _draw(views: Iterator[DrainView]) -> None:
    """Draw on the terminal's other screen; the last view stays on the one where it was called."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    width, colour = text_style(STDOUT)
    last = ""
    try:
        with Live(console=Console(), screen=True, auto_refresh=False, vertical_overflow="crop") as live:
            for view in views:
                width, colour = text_style(STDOUT)
                last = text.render_view(view, width=width, colour=colour)
                live.update(Text.from_ansi(f"  {view.taken_at} · Ctrl-C ends\n{last}"), refresh=True)
    finally:
        if last:
            write_text(last)


def _write_changes(views: Iterator[DrainView], form: Callable[[DrainView], str]) -> None:
    before = ""
    for view in views:
        now = summary(view)
        if now != before:
            write_text(form(view))
            before = now


def _as_line(view: DrainView) -> str:
    return f"{view.taken_at} {neutralise(summary(view))}\n"


def _as_json(view: DrainView) -> str:
    return json.render(DrainReport(tool_version=__version__, view=view), lines=True)
