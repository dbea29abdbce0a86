"""The runtime API's conversation without its sockets: an address, a command's bytes, an answer's bytes.

A command is one line. On a worker's socket HAProxy closes after the answer; on the master's it waits for more
commands until its client closes the sending side, except after `reload`, whose answer ends the connection
(and is lost when the client half-closes before it). Measured on 2.6.12 and 2.8.25; HAProxy doc/management.txt
section 9.
"""

import socket
from dataclasses import dataclass

from hitless.control.command import decode
from hitless.control.errors import CouldNotAsk, NotUnderstood, WasRefused

__all__ = ["ReplyBuffer", "RuntimeAddress", "encode_command", "parse_address", "raise_if_refused"]

_COMMAND_LIMIT_BYTES = 16_000
"""HAProxy reads a command into one buffer (tune.bufsize, 16 384 by default)."""

_REFUSALS = {
    "Permission denied": "the socket's level is too low (stats socket … level operator|admin)",
    "Unknown command": "this HAProxy does not know the command, or not on this socket",
    "Can't find the target ": "no process of the master has this number; `show proc` lists them",
}


@dataclass(frozen=True, slots=True)
class RuntimeAddress:
    """Where a runtime API listens: a socket family and what connect() takes."""

    family: socket.AddressFamily
    target: str | tuple[str, int]
    text: str


def parse_address(text: str) -> RuntimeAddress:
    """Return the address behind "/run/x.sock", "unix@PATH", "@name", "abns@name", "127.0.0.1:9999", "[::1]:9999".

    Raises: ValueError if it is none of these.
    """
    bare = text.split("@", 1)[1] if text.startswith(("unix@", "abns@", "ipv4@", "ipv6@")) else text
    if text.startswith("abns@") or bare.startswith("@"):
        # HAProxy pads abstract names of `abns@` with NUL to the whole of sun_path (src/sock_unix.c).
        return RuntimeAddress(socket.AF_UNIX, "\0" + bare.removeprefix("@").ljust(107, "\0"), text)
    if "/" in bare:
        if len(bare.encode()) > 107 or "\0" in bare:
            raise ValueError(f"a unix socket's path has at most 107 bytes: {text!r}")
        return RuntimeAddress(socket.AF_UNIX, bare, text)
    host, colon, port = bare.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"neither a socket's path nor HOST:PORT: {text!r}")
    if host.startswith("[") and host.endswith("]"):
        return RuntimeAddress(socket.AF_INET6, (host[1:-1], int(port)), text)
    return RuntimeAddress(socket.AF_INET, (host or "127.0.0.1", int(port)), text)


def encode_command(command: str) -> bytes:
    """Return a command's bytes.

    Raises: ValueError if it is empty, too long, or would be read as more than one command (line ends, a bare
    ";").
    """
    data = command.encode()
    if not command.strip() or len(data) > _COMMAND_LIMIT_BYTES:
        raise ValueError(f"a command has 1 to {_COMMAND_LIMIT_BYTES} bytes, not {len(data)}")
    if any(character < " " for character in command) or ";" in command.replace("\\;", ""):
        raise ValueError(f"not one command: {command!r}")
    return data + b"\n"


class ReplyBuffer:
    """Collects an answer, up to a limit."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._data = bytearray()

    def feed(self, data: bytes) -> None:
        """Take the next bytes.

        Raises: CouldNotAsk if the answer grows beyond the limit.
        """
        self._data += data
        if len(self._data) > self._limit_bytes:
            raise CouldNotAsk(f"the answer is longer than {self._limit_bytes} bytes")

    def text(self) -> str:
        """Return the whole answer without the empty lines that end it.

        Raises: NotUnderstood if it holds a NUL: no HAProxy speaks here.
        """
        text = decode(bytes(self._data))
        if "\0" in text:
            raise NotUnderstood("the answer is binary: this is no runtime API of HAProxy", raw=text)
        return text.rstrip("\n")


def raise_if_refused(command: str, reply: str) -> None:
    """Tell a refusal from an answer.

    Raises: WasRefused with HAProxy's own first line. Wordings: 2.2, 2.6, 2.8 (src/cli.c).
    """
    for wording, hint in _REFUSALS.items():
        if reply.startswith(wording):
            first = reply.split("\n", 1)[0].removesuffix(".")
            raise WasRefused(f"HAProxy refused {command!r}: {first}", hint=hint, raw=reply)
