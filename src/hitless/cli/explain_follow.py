"""`hitless explain --follow`: each event is told when it is over."""

from __future__ import annotations

import errno
import os
import select
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hitless.cli.explain_words import choose_inputs, choose_receipts
from hitless.cli.output import STDOUT, text_style, write_text
from hitless.errors import EvidenceError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitless.explanations import ExplainedEvent, Explanation

__all__ = ["follow_events"]

_LOOK_BACK_NS = 600 * 1_000_000_000
"""An event is explained beside the ten minutes before it."""
_STDOUT_FD = 1


def follow_events(words: Mapping[str, Any]) -> int:
    """Tell of each event until Ctrl-C ends the command.

    Raises: EvidenceError if there is nothing that can be followed.
    """
    from hitless.explain.answer import explain
    from hitless.explain.sources.follow import follow
    from hitless.explain.watch import Watch
    from hitless.explain.window import Window

    chosen = choose_inputs(words)
    chosen = replace(
        chosen, logs=tuple(path for path in chosen.logs if path != STDOUT), captures=(), notes=()
    )
    if not chosen.logs and not chosen.units:
        raise EvidenceError(
            "There is no log to follow.", hint="Name one: hitless explain --follow /var/log/haproxy.log"
        )
    watch = Watch(time.time_ns())
    for entry in follow(chosen.logs, chosen.read, units=chosen.units, goes_on=_is_read):
        now_ns = time.time_ns()
        if entry is not None:
            watch.take(entry, now_ns)
        if watch.is_due(now_ns):
            recent = replace(chosen, window=Window(now_ns - _LOOK_BACK_NS, None))
            found = explain(recent, choose_receipts(recent, words))
            for event in watch.news(found.events, time.time_ns()):
                _tell(found, event, words)
    return ExitCode.CLEAN


def _is_read() -> bool:
    """Whether somebody still reads what is told.

    Raises: BrokenPipeError if nobody does: with nothing to tell that would not be noticed.
    """
    poll = select.poll()
    poll.register(_STDOUT_FD, 0)
    if any(events & (select.POLLERR | select.POLLHUP) for _, events in poll.poll(0)):
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
    return True


def _tell(explanation: Explanation, event: ExplainedEvent, words: Mapping[str, Any]) -> None:
    if words["output_format"] == "json":
        from hitless.report.document import render_document

        write_text(render_document(event, one_line=True))
        return
    from hitless.report.explain import text

    width, colour = text_style(STDOUT)
    write_text(text.render_event(explanation, event, width=width, colour=colour))
