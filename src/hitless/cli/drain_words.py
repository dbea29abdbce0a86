"""The words of `hitless drain`: its help, its options, and what may not stand together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from hitless.cli.duration import Duration
from hitless.cli.target_words import TARGET_PARAMETERS
from hitless.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["HELP", "PARAMETERS", "Wish", "read_wish"]

_OVER_S = 60.0
_LONGEST_S = 7 * 86400.0

# "\b" keeps click from wrapping the paragraph that follows it.
HELP = """Show the processes that reloads have left behind: why each is alive, and whom its end will cut and when.

Reads only, unless --close is given: that closes sessions one by one at an even rate, through the CLI of the master.
The process that serves is not touched.

\b
hitless drain
hitless drain --watch
hitless drain --close --over 5m --frontend www --dry-run
hitless drain --close --over 5m --wait --timeout 10m

Exit status: 0 no old generation is left, or everything asked was closed; 1 old generations live, or some sessions
could not be closed; 2 wrong usage; 3 it could not be found out; 130 interrupted.
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done."""

    watch: bool
    close: bool
    over_s: float
    order: str
    frontends: tuple[str, ...]
    generations: tuple[int, ...]
    current: bool
    wait: bool
    timeout_s: float | None
    dry_run: bool
    output_format: str
    quiet: bool


def _flag(*names: str, help: str) -> click.Option:  # noqa: A002 - click's word
    return click.Option(names, is_flag=True, help=help)


PARAMETERS: tuple[click.Parameter, ...] = (
    *TARGET_PARAMETERS,
    _flag("-w", "--watch", help="Look again every second; Ctrl-C ends. In a pipe: a line for each change."),
    _flag("--close", help="Close the sessions of old generations."),
    click.Option(
        ["--over", "over_s"], type=Duration(), help="The time that closing takes  [default: 60s; 0: at once]"
    ),
    click.Option(
        ["--order"],
        type=click.Choice(["oldest", "idlest"]),
        help="Which are closed first  [default: oldest]",
    ),
    click.Option(["--frontend"], multiple=True, metavar="NAME", help="Only sessions of this frontend."),
    click.Option(
        ["--generation"],
        multiple=True,
        type=click.IntRange(1),
        metavar="PID",
        help="Only this process.",
    ),
    _flag("--current", help="Look at the sessions of the process that serves too; allow to close them."),
    _flag("--dry-run", help="With --close: say what would be closed when, and close nothing."),
    _flag("--wait", help="Wait until the old generations are gone."),
    click.Option(["--timeout", "timeout_s"], type=Duration(), help="With --wait: not longer than this."),
    click.Option(
        ["--format", "output_format"],
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="How the answer is written.",
    ),
    _flag("-q", "--quiet", help="No progress; no text where there is no old generation."),
)


def read_wish(words: Mapping[str, Any]) -> Wish:
    """Return what a command's words ask for (others may stand among them).

    Raises: UsageError for what does not go together, each with what to write instead.
    """
    _refuse_contradictions(words)
    over_s = words["over_s"]
    return Wish(
        watch=words["watch"],
        close=words["close"],
        over_s=_OVER_S if over_s is None else over_s,
        order=words["order"] or "oldest",
        frontends=tuple(words["frontend"]),
        generations=tuple(words["generation"]),
        current=words["current"],
        wait=words["wait"],
        timeout_s=words["timeout_s"],
        dry_run=words["dry_run"],
        output_format=words["output_format"],
        quiet=words["quiet"],
    )


def _refuse_contradictions(words: Mapping[str, Any]) -> None:
    if not words["close"]:
        of_closing = {
            "--over": "over_s",
            "--order": "order",
            "--frontend": "frontend",
            "--dry-run": "dry_run",
        }
        for option, name in of_closing.items():
            if words[name] not in {None, (), False}:
                raise UsageError(f"{option} says how to close: give --close as well.")
    if words["watch"] and (words["close"] or words["timeout_s"] is not None):
        option = "--close" if words["close"] else "--timeout"
        raise UsageError(
            f"--watch only looks, {option} does not go with it.",
            hint="Watch in one terminal, and close in another."
            if words["close"]
            else "`hitless drain --wait --timeout TIME` waits without the view.",
        )
    if words["timeout_s"] is not None and not words["wait"]:
        raise UsageError("--timeout bounds --wait: give --wait as well.")
    if words["dry_run"] and words["wait"]:
        raise UsageError("--dry-run closes nothing, so that there is nothing to --wait for.")
    if words["over_s"] is not None and words["over_s"] > _LONGEST_S:
        raise UsageError("--over is longer than a week.", hint="A hard stop may be what is meant.")
