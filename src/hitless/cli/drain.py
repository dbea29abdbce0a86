"""`hitless drain`: what keeps old processes alive; close their sessions at an even rate."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
import msgspec

from hitless import __version__
from hitless.cli.drain_words import HELP, PARAMETERS, Wish, read_wish
from hitless.cli.output import STDOUT, text_style, write_text
from hitless.cli.status_line import StatusLine
from hitless.cli.target_words import read_target_options
from hitless.drains import DrainReport
from hitless.errors import ControlError, ExitCode, UsageError
from hitless.units import format_count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hitless.drains import ClosePlan, CloseResult, DrainView, Generation
    from hitless.reload.drain.process_facts import ProcessFacts
    from hitless.reload.drain.read import DrainReader

__all__ = ["command"]


@click.command("drain", params=[*PARAMETERS], help=HELP)
def command(**words: object) -> int:
    """Look, close, wait, show."""
    from hitless.cli.drain_live import watch
    from hitless.reload.drain.read import DrainReader
    from hitless.reload.look import read_target

    wish = read_wish(words)
    target = read_target(read_target_options(words), views=False)
    reader = DrainReader(target, sessions_of_current=wish.current)
    return watch(reader, wish) if wish.watch else _Drain(reader, wish).run()


@dataclass(slots=True)
class _Drain:
    """One call that looks, closes, waits, as wished."""

    reader: DrainReader
    wish: Wish
    plan: ClosePlan | None = None
    result: CloseResult | None = None
    timed_out: bool = False
    interrupted: bool = False

    def run(self) -> int:
        view, facts = self._look()
        if not view.generations:
            raise ControlError(f"{view.instance} has ended.")
        chosen = self._chosen(view)
        if self.wish.close:
            self._close(chosen, facts)
        if self.wish.wait and not self.interrupted:
            self._wait([g.pid for g in chosen])
        if self.result is not None or self.wish.wait:
            view, _ = self._look()
        self._show(view)
        return self._status(view)

    def _chosen(self, view: DrainView) -> tuple[Generation, ...]:
        from hitless.reload.drain.choose import choose_generations, choose_to_close

        if self.wish.close:
            return choose_to_close(view, self.wish.generations, current=self.wish.current)
        return choose_generations(view, self.wish.generations)

    def _look(self) -> tuple[DrainView, tuple[ProcessFacts, ...]]:
        with self._status_line("looking at HAProxy's processes"):
            return self.reader.look()

    def _close(self, chosen: Sequence[Generation], facts: Sequence[ProcessFacts]) -> None:
        """Plan, and close."""
        from hitless.reload.drain.waves import Order, plan_waves, select_sessions

        pids = {g.pid for g in chosen}
        meant = [f for f in facts if f.pid in pids]
        sessions = [s for f in meant for s in f.of_clients]
        _refuse_unknown_frontends(self.wish.frontends, self.reader, facts)
        if self.wish.dry_run:
            selected = select_sessions(sessions, self.wish.frontends)
            self.plan = plan_waves(selected, Order(self.wish.order), self.wish.over_s)
            return
        from hitless.reload.drain.close import Closer
        from hitless.reload.drain.exits import Exits

        with Exits(pids) as exits, self._status_line("closing") as line:
            closer = Closer(
                self.reader.reach,
                exits,
                {f.pid: f.process for f in meant},
                sessions,
                order=Order(self.wish.order),
                over_s=self.wish.over_s,
                frontends=self.wish.frontends,
                on_change=lambda closed, left: line.say(
                    f"{format_count(closed)} closed, {format_count(left)} to go"
                ),
            )
            try:
                closer.run()
            except KeyboardInterrupt:
                self.interrupted = True
            self.result = closer.result(interrupted=self.interrupted)

    def _wait(self, pids: Sequence[int]) -> None:
        """Wait until processes have ended."""
        from hitless.reload.drain.exits import Exits

        deadline = None if self.wish.timeout_s is None else time.monotonic() + self.wish.timeout_s
        try:
            with Exits(pids) as exits, self._status_line("waiting") as line:
                while exits.alive and not self.timed_out:
                    line.say(f"waiting for {', '.join(map(str, sorted(exits.alive)[:5]))} to end")
                    left_s = 3600.0 if deadline is None else deadline - time.monotonic()
                    exits.wait(left_s)
                    self.timed_out = (
                        deadline is not None and bool(exits.alive) and time.monotonic() >= deadline
                    )
        except KeyboardInterrupt:
            self.interrupted = True

    def _show(self, view: DrainView) -> None:
        wish = self.wish
        if wish.generations:
            kept = tuple(g for g in view.generations if g.current or g.pid in wish.generations)
            view = msgspec.structs.replace(view, generations=kept)
        report = DrainReport(
            tool_version=__version__,
            view=view,
            plan=self.plan,
            result=self.result,
            timed_out=self.timed_out,
        )
        if wish.output_format == "json":
            from hitless.report.drain import json

            write_text(json.render(report))
        elif not (wish.quiet and not view.old and self.result is None and self.plan is None):
            from hitless.report.drain import text

            width, colour = text_style(STDOUT)
            write_text(text.render(report, width=width, colour=colour))

    def _status(self, view: DrainView) -> ExitCode:
        if self.interrupted:
            return ExitCode.INTERRUPTED
        if self.timed_out or (self.result is not None and not self.result.complete):
            return ExitCode.FOUND
        if self.wish.close:
            return ExitCode.CLEAN
        left = [g for g in view.old if not self.wish.generations or g.pid in self.wish.generations]
        return ExitCode.FOUND if left else ExitCode.CLEAN

    def _status_line(self, text: str) -> StatusLine:
        wanted = not self.wish.quiet and sys.stderr is not None and sys.stderr.isatty()
        return StatusLine(text, enabled=wanted)


def _refuse_unknown_frontends(
    names: Sequence[str], reader: DrainReader, facts: Sequence[ProcessFacts]
) -> None:
    known = {p.name for p in reader.target.subject.frontends}
    known |= {s.row.frontend for f in facts for s in f.of_clients}
    for name in names:
        if name not in known:
            raise UsageError(
                f"No frontend is called {name!r}.", hint="There are: " + ", ".join(sorted(known)[:40])
            )
