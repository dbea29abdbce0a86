"""What a migration changes, in which steps, and how one comes back. Pure."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from hitless.config.arguments import parse_arguments
from hitless.errors import UsageError
from hitless.facts import RunMode
from hitless.migrations import Following
from hitless.reload.conversion import Conversion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hitless.facts import Binary
    from hitless.migrations import MigrationSide, UnitLink
    from hitless.reload.migrate.options import MigrateOptions

__all__ = ["DEFAULT_MASTER_CLI", "can_notify", "choose_conversion", "describe_steps", "way_back"]

DEFAULT_MASTER_CLI = "/run/haproxy-master.sock"
"""As Debian's units have it."""
_CLI_OPTIONS = ",mode,600,level,admin"
_NOTIFIES_ALWAYS = (3, 1)
"""-Ws needs no libsystemd from here on. Source: HAProxy 3.1-dev14, INSTALL."""


def choose_conversion(
    options: MigrateOptions, mode: RunMode, arguments: Sequence[str], *, configured: str, is_root: bool
) -> Conversion:
    """Return what becomes different, given what runs and what was asked for; -Ws is decided later.

    `configured` is where the configuration that is to be loaded says `master-worker`; "" where it does not.

    Raises: UsageError if nothing would change, or it cannot be had.
    """
    asked_else = bool(options.files or options.program)
    wanted = options.mode or (mode if asked_else else RunMode.MASTER_WORKER)
    if wanted is mode and not asked_else:
        raise UsageError(
            f"It runs in {mode} mode already, with this configuration and program: there is nothing to migrate.",
            hint="Ask for a change with --to, --to-config or --to-program; `hitless reload` loads the same anew.",
        )
    if wanted is RunMode.CLASSIC and configured:
        raise UsageError(
            f"`master-worker` at {configured} makes every HAProxy with this configuration a master.",
            hint="Remove the line, or name another configuration with --to-config.",
        )
    has_cli = bool(parse_arguments(arguments).master_sockets)
    cli = options.master_cli
    if cli is None:
        cli = DEFAULT_MASTER_CLI if is_root and wanted is RunMode.MASTER_WORKER and not has_cli else ""
    if cli and "," not in cli:
        cli += _CLI_OPTIONS
    if cli and wanted is RunMode.CLASSIC:
        raise UsageError("Only a master has a CLI of its own: --master-cli goes with --to master-worker.")
    return Conversion(mode=wanted, files=options.files, program=options.program, master_cli=cli)


def can_notify(binary: Binary | None) -> bool:
    """Return whether a program can be started with -Ws."""
    return binary is not None and (binary.version[:2] >= _NOTIFIES_ALWAYS or "SYSTEMD" in binary.features)


def describe_steps(before: MigrationSide, after: MigrationSide, link: UnitLink) -> tuple[str, ...]:
    """Return what is done, in order, in words."""
    who = (
        f"the {before.mode} process {before.pid}"
        if before.mode == RunMode.CLASSIC
        else f"master {before.pid}"
    )
    steps = [
        f"take duplicates of the listening sockets of process {before.serving_pid}, and offer them (-x)",
        f"start {shlex.join(after.arguments)} -x OFFER -sf OURSELVES, as {who} was started",
        "wait until it has bound everything and polls its sockets; withdraw it if it does not",
    ]
    if link.following is Following.TOLD:
        steps.append(f"tell systemd that it is the main process of {link.name}, and see that it is taken")
    if link.following is Following.PID_FILE:
        steps.append(f"see that the pid file names it, for {link.name}")
    steps += [
        f"ask {who} to leave once its connections have ended (SIGUSR1)",
        "prove that the new process serves",
    ]
    return tuple(steps)


def way_back(before: MigrationSide, after: MigrationSide) -> str:
    """Return the command that leads back; its pid is the new process's, PID where there is none yet."""
    words = ["hitless", "migrate", "--pid", str(after.pid or "PID")]
    if before.mode != after.mode:
        words += ["--to", before.mode]
    if before.files != after.files:
        words += [word for file in before.files for word in ("--to-config", file)]
    if before.program != after.program:
        words += ["--to-program", before.program]
    return shlex.join(words)
