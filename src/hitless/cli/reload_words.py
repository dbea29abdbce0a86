"""The words of `hitless reload`; what they mean is in `ReloadOptions`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hitless.cli.duration import Duration
from hitless.cli.target_words import TARGET_PARAMETERS, read_target_options
from hitless.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitless.reload.options import ReloadOptions

__all__ = ["HELP", "PARAMETERS", "read_reload_options"]

HELP = """Reload the running HAProxy, and prove that the new process has taken over.

Everything that can be known to go wrong is looked at before the running process is touched; what fails stops the
reload, and `--force NAME` overrides that one check. Then HAProxy is asked to reload in the best way there is. The
answer is a proof, not a belief: the new process is current, owns every listening socket, answers with its own pid, and
nobody else holds one of its sockets. With `--config NEW` the new configuration is put in place first, and taken back,
and the old one loaded again, if that fails. A receipt says what happened to each real client connection.

Exit status: 0 taken over; 1 rejected, failed, degraded, or rolled back; 2 wrong usage; 3 it could not be found out;
130 interrupted.
"""

_TRIGGERS = ("master-cli", "usr2", "systemd", "sf-x", "sf-offered", "sf")
_SECONDS = "SECONDS"
_LONGEST_GUARD_S = 3600.0

PARAMETERS: tuple[click.Parameter, ...] = (
    *TARGET_PARAMETERS,
    click.Option(
        ["--config", "new"],
        multiple=True,
        metavar="[FILE=]NEW",
        help="Put NEW in the place of the configuration (of its file FILE, if there are several), and load that.",
    ),
    click.Option(["--dry-run"], is_flag=True, help="Say what would be done and found; touch nothing."),
    click.Option(
        ["--force"],
        multiple=True,
        metavar="NAME",
        help="Override this check of the preflight, and no other. It is on the receipt.",
    ),
    click.Option(
        ["--rollback/--no-rollback"],
        default=None,
        help="Whether a failure leads back to the last known good configuration  [default: with --config]",
    ),
    click.Option(
        ["--guard", "guard_s"],
        type=Duration(),
        help="Watch the traffic for so long (10s) after the takeover; go back if clients fare worse.",
    ),
    click.Option(["--via"], type=click.Choice(_TRIGGERS), help="How to reload  [default: the best there is]"),
    click.Option(
        ["--timeout", "timeout_s"],
        type=click.FloatRange(0, min_open=True),
        default=60.0,
        show_default=True,
        metavar=_SECONDS,
        help="For the takeover, from the trigger on.",
    ),
    click.Option(
        ["--wait-for-others", "wait_s"],
        type=click.FloatRange(0),
        default=300.0,
        show_default=True,
        metavar=_SECONDS,
        help="For other reloads of the same HAProxy; one that begins after this call answers it, too.",
    ),
    click.Option(
        ["--max-generations"],
        type=click.IntRange(1),
        default=8,
        show_default=True,
        help="Refuse a reload while so many generations live.",
    ),
    click.Option(
        ["--load-budget", "load_budget_s"],
        type=click.FloatRange(0, min_open=True),
        default=60.0,
        show_default=True,
        metavar=_SECONDS,
        help="Refuse a configuration that takes longer to load.",
    ),
    click.Option(
        ["--trace/--no-trace"],
        default=True,
        help="Ask the kernel what becomes of client connections  [default: trace]",
    ),
    click.Option(["--state-dir"], type=click.Path(), help="Where receipts and copies are kept."),
    click.Option(
        ["--wait"], is_flag=True, help="Return only with the proof. It is always so; units say it to be read."
    ),
    click.Option(["-q", "--quiet"], is_flag=True, help="Say nothing but errors."),
    click.Option(
        ["--format", "output_format"],
        type=click.Choice(["text", "json", "markdown"]),
        default="text",
        show_default=True,
    ),
)


def read_reload_options(words: Mapping[str, Any]) -> ReloadOptions:
    """Return the options in a command's words.

    Raises: UsageError for what cannot be.
    """
    from hitless.reload.choice import Trigger
    from hitless.reload.options import ReloadOptions

    return ReloadOptions(
        target=read_target_options(words),
        new=dict(_new_file(text) for text in words["new"]),
        via=Trigger(words["via"]) if words["via"] else None,
        rollback=words["rollback"],
        force=tuple(name for text in words["force"] for name in text.split(",") if name),
        guard_s=_guard_s(words["guard_s"]),
        dry_run=words["dry_run"],
        timeout_s=words["timeout_s"],
        wait_s=words["wait_s"],
        max_generations=words["max_generations"],
        load_budget_s=words["load_budget_s"],
        state_dir=words["state_dir"] or "",
        trace=words["trace"],
    )


def _new_file(text: str) -> tuple[str, str]:
    path, equals, source = text.partition("=")
    if not equals:
        return "", text
    if not path.startswith("/") or not source:
        raise UsageError(
            f"--config {text}: FILE is the absolute path that HAProxy uses, NEW the file with its new contents."
        )
    return path, source


def _guard_s(seconds: float | None) -> float:
    if seconds is None:
        return 0.0
    if not 0 < seconds <= _LONGEST_GUARD_S:
        raise UsageError(f"--guard watches for more than 0 and at most {_LONGEST_GUARD_S:g} seconds.")
    return seconds
