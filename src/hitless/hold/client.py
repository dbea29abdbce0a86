"""Ask a running holder."""

import json
import socket
import time
from typing import Any

from hitless.control.errors import CouldNotAsk, NotUnderstood, WasRefused
from hitless.control.peer import read_peer
from hitless.hold.requests import encode

__all__ = ["ask"]

_CHUNK_BYTES = 256 * 1024
_LIMIT_BYTES = 64 * 1024 * 1024


def ask(control: str, request: dict[str, object], *, timeout_s: float = 5.0) -> dict[str, Any]:
    """Return a holder's answer to a request; `control` is the path of its control socket.

    Raises: CouldNotAsk if nobody answers in time; WasRefused with what it says; NotUnderstood.
    """
    deadline_s = time.monotonic() + timeout_s
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as connection:
            connection.settimeout(timeout_s)
            connection.connect(control)
            connection.sendall(encode(request))
            answer = _read_line(connection, deadline_s)
            who = read_peer(connection)
    except OSError as error:
        raise CouldNotAsk(
            f"no holder answers at {control}: {error.strerror or error}",
            hint="`hitless hold` is the daemon; the unit is hitless-hold.service.",
        ) from error
    try:
        document = json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise NotUnderstood(f"{who} at {control} is no holder", raw=repr(answer[:200])) from error
    if not isinstance(document, dict) or not isinstance(document.get("ok"), bool):
        raise NotUnderstood(f"{who} at {control} is no holder", raw=repr(answer[:200]))
    if not document["ok"]:
        raise WasRefused(f"the holder refuses: {document.get('error', '')}")
    return document


def _read_line(connection: socket.socket, deadline_s: float) -> bytes:
    data = bytearray()
    while not data.endswith(b"\n"):
        connection.settimeout(max(1e-3, deadline_s - time.monotonic()))
        chunk = connection.recv(_CHUNK_BYTES)
        if not chunk:
            raise CouldNotAsk("the holder broke off")
        data += chunk
        if len(data) > _LIMIT_BYTES:
            raise NotUnderstood("the holder's answer has no end", raw="")
    return bytes(data)
