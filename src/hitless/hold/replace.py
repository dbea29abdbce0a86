"""Take the place of a holder that runs: first its sockets, then its paths; then it ends."""

import signal
from contextlib import suppress

from hitless.control.errors import CouldNotAsk, WasRefused
from hitless.errors import ReloadError, UsageError
from hitless.hold.client import ask
from hitless.hold.heir import Inheritance
from hitless.hold.instance import InstanceSpec, read_spec_document
from hitless.hold.memory import RememberedSocket
from hitless.hold.places import ask_path, control_path
from hitless.hold.take import fetch_held
from hitless.host.errors import Gone
from hitless.host.process_handle import ProcessHandle

__all__ = ["refuse_second", "retire_old", "take_from_old"]

_TIMEOUT_S = 10.0


def refuse_second(directory: str) -> None:
    """Raise UsageError if a holder answers there: two would take turns at its paths."""
    with suppress(CouldNotAsk):
        pid = ask(control_path(directory), {"op": "status"})["status"]["pid"]
        raise UsageError(
            f"A holder runs in {directory} already: process {pid}.",
            hint="--replace takes everything from it and ends it; another --directory is for another holder.",
        )


def take_from_old(directory: str, into: Inheritance) -> ProcessHandle | None:
    """Take what a running holder has; return its process, None if there is none.

    Raises: ControlError if it does not hand over: then it is left alone.
    """
    try:
        status = ask(control_path(directory), {"op": "status"}, timeout_s=_TIMEOUT_S)["status"]
    except CouldNotAsk:
        return None
    old = ProcessHandle(status["pid"])
    for document in status["instances"]:
        spec = read_spec_document({name: document[name] for name in InstanceSpec.__dataclass_fields__})
        into.specs[spec.name] = spec
        _take_sockets(directory, document, into)
    return old


def _take_sockets(directory: str, document: dict[str, object], into: Inheritance) -> None:
    name = str(document["name"])
    known = {socket["inode"]: socket for socket in document["sockets"]}  # type: ignore[attr-defined]
    if not known:
        return
    with suppress(WasRefused):  # it has let go of all of them meanwhile
        held = fetch_held(ask_path(directory, name), _TIMEOUT_S)
        for listener in held:
            said = known.get(listener.inode, {})
            remembered = RememberedSocket(
                name, listener.namespace, said.get("unattended_since_s"), said.get("last_start_ticks", 0), -1
            )
            into.sockets.append((remembered, listener))


def retire_old(old: ProcessHandle) -> None:
    """End the holder that was replaced; it finishes those whom it serves.

    Raises: ReloadError if it does not end.
    """
    with old, suppress(Gone):
        old.send_signal(signal.SIGTERM)
        if not old.await_exit(_TIMEOUT_S):
            raise ReloadError(
                f"The old holder does not end (process {old.pid}): it holds the sockets as well.",
                hint=f"Both serve; end it: kill -KILL {old.pid}",
            )
