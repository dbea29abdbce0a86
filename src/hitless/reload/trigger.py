"""Make HAProxy reload, in the way that was chosen, and hear what it says of it."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.control.command import run_bounded
from hitless.control.errors import CouldNotAsk, NotUnderstood
from hitless.control.runtime_api import MasterCli
from hitless.errors import ReloadError
from hitless.host.process_handle import ProcessHandle
from hitless.reload.said import shown_messages

if TYPE_CHECKING:
    from hitless.reload.target import Target

__all__ = ["TriggerReply", "reload_by_master_cli", "reload_by_signal", "reload_by_systemd"]

_SAID_BYTES = 64 * 1024
_NOBODY_THERE = (FileNotFoundError, ConnectionRefusedError, PermissionError)
"""What connect() says: nothing has been sent."""


@dataclass(frozen=True, slots=True)
class TriggerReply:
    """What the trigger itself said. `ok` is None where it says nothing (a signal), or `text` why it is not known."""

    ok: bool | None
    text: str = ""
    messages: tuple[str, ...] = ()


def reload_by_master_cli(target: Target, *, timeout_s: float) -> TriggerReply:
    """Send `reload` to the master and wait for its answer, which before 2.7 says nothing.

    An answer that breaks off or cannot be understood says nothing either: the reload may be going on.

    Raises: CouldNotAsk if nobody could be asked, WasRefused: then nothing was triggered.
    """
    try:
        reply = MasterCli(target.master_address).apply_reload(timeout_s=timeout_s)
    except NotUnderstood as error:
        return TriggerReply(ok=None, text=error.message)
    except CouldNotAsk as error:
        if isinstance(error.__cause__, _NOBODY_THERE):
            raise
        return TriggerReply(ok=None, text=error.message)
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

    One that does not end in time says nothing: its commands may be going on.

    Raises: ReloadError if it could not be run.
    """
    unit = target.instance.unit
    if unit is None:
        raise ReloadError("It belongs to no systemd unit.")
    try:
        done = run_bounded(["systemctl", "reload", unit.name], timeout_s=timeout_s, limit_bytes=_SAID_BYTES)
    except CouldNotAsk as error:
        return TriggerReply(ok=None, text=error.message)
    except OSError as error:
        raise ReloadError(f"systemctl cannot be run: {error.strerror}.") from error
    if done.returncode == 0:
        return TriggerReply(ok=None)
    return TriggerReply(
        ok=False, text=f"systemctl reload {unit.name}: {(done.stderr or done.stdout).strip()}"
    )
