"""The words that say which running HAProxy is meant; what they mean is in `TargetOptions`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitless.reload.look import TargetOptions

__all__ = ["TARGET_PARAMETERS", "read_target_options"]

TARGET_PARAMETERS: tuple[click.Parameter, ...] = (
    click.Option(["--unit"], metavar="NAME", help="Of several HAProxies the one of this systemd unit."),
    click.Option(["--pid"], type=click.IntRange(1), help="The one of this process ($MAINPID in a unit)."),
    click.Option(["--pid-file"], type=click.Path(), help="The one of the process in this file."),
    click.Option(["--uses"], type=click.Path(), metavar="FILE", help="The one that uses this configuration."),
    click.Option(
        ["--master-socket"], type=click.Path(), metavar="PATH", help="The one whose master has this CLI (-S)."
    ),
)


def read_target_options(words: Mapping[str, Any]) -> TargetOptions:
    """Return the options in a command's words (others may stand among them)."""
    from hitless.reload.look import TargetOptions

    return TargetOptions(
        pid=words["pid"],
        pid_file=words["pid_file"] or "",
        unit=words["unit"] or "",
        configuration=words["uses"] or "",
        master_socket=words["master_socket"] or "",
    )
