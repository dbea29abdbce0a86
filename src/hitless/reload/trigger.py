"""Make HAProxy reload, in the way that was chosen, and hear what it says of it."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.control.command import run_bounded
from hitless.control.errors import CouldNotAsk
from hitless.control.runtime_api import MasterCli
from hitless.errors import ReloadError
from hitless.host.processes import ProcessHandle
from hitless.reload.said import shown_messages

if TYPE_CHECKING:
    from hitless.reload.target import Target

__all__ = ["TriggerReply", "reload_by_master_cli", "reload_by_signal", "reload_by_systemd"]

_SAID_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class TriggerReply:
    """What the trigger itself said. `ok` is None where it says nothing (a signal)."""

    ok: bool | None
    text: str = ""
    messages: tuple[str, ...] = ()


def reload_by_master_cli(target: Target, *, timeout_s: float) -> TriggerReply:
    """Send `reload` to the master and wait for its answer, which before 2.7 says nothing.

    Raises: CouldNotAsk, WasRefused, NotUnderstood: the reload may be going on all the same.
    """
    reply = MasterCli(target.master_address).apply_reload(timeout_s=timeout_s)
    messages = shown_messages(reply.messages)
    if reply.success is False:
        return TriggerReply(
            ok=False, text=messages[0] if messages else "HAProxy answered Success=0", messages=messages
        )
    return TriggerReply(ok=reply.success, messages=messages)


def reload_by_signal(target: Target) -> TriggerReply:
    """Send SIGUSR2 to the very process that is the master.

    Raises: Gone, Denied; ReloadError if there is no master.
    """
    master = target.master
    if master is None:
        raise ReloadError("There is no master process to signal.")
    with ProcessHandle(master.pid) as handle:
        handle.send_signal(signal.SIGUSR2)
    return TriggerReply(ok=None)


def reload_by_systemd(target: Target, *, timeout_s: float) -> TriggerReply:
    """Run `systemctl reload`: its success says only that the commands of ExecReload= succeeded.

    Raises: ReloadError if it did not end in time or could not be run.
    """
    unit = target.instance.unit
    if unit is None:
        raise ReloadError("It belongs to no systemd unit.")
    try:
        done = run_bounded(["systemctl", "reload", unit.name], timeout_s=timeout_s, limit_bytes=_SAID_BYTES)
    except (CouldNotAsk, OSError) as error:
        raise ReloadError(f"systemctl reload {unit.name}: {error}") from error
    if done.returncode == 0:
        return TriggerReply(ok=None)
    return TriggerReply(
        ok=False, text=f"systemctl reload {unit.name}: {(done.stderr or done.stdout).strip()}"
    )
