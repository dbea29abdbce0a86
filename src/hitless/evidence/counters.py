"""The kernel's TCP counters of one network namespace: what stands in for the trace, and what checks it.

Source: Linux v6.18 net/ipv4/proc.c; proc_net(5), netstat(8).
"""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from hitless.errors import EvidenceError
from hitless.evidence.model import CounterReading

__all__ = ["MEANINGS", "NamespaceCounters", "changes", "parse_counters", "read_counters"]

_MAX_FILE_SIZE_BYTES = 256 * 1024

MEANINGS: Mapping[str, str] = {
    "TcpExt.ListenOverflows": "connections dropped because an accept queue was full",
    "TcpExt.ListenDrops": "connections dropped by a listening socket, for whatever reason",
    "TcpExt.TCPReqQFullDrop": "connection requests dropped because a SYN queue was full",
    "TcpExt.TCPMigrateReqSuccess": "waiting connections moved to another listening socket (tcp_migrate_req)",
    "TcpExt.TCPMigrateReqFailure": "waiting connections that could not be moved, and were reset",
    "TcpExt.TCPAbortOnClose": "connections reset because they were closed with unread data",
    "TcpExt.TCPAbortOnData": "connections reset because data came after their close",
    "TcpExt.TCPAbortOnTimeout": "connections given up after too many retransmissions",
    "TcpExt.TCPTimeouts": "retransmission timers that ran out",
    "TcpExt.TCPSynRetrans": "SYN packets sent again: each is a wait of a second or more",
    "Tcp.OutRsts": "resets sent, in both directions",
    "Tcp.EstabResets": "established connections that ended by a reset",
    "Tcp.AttemptFails": "connections that failed before they were established",
    "Tcp.RetransSegs": "segments sent again",
}
"""The counters that say something about a reload, and what. Any process of the namespace moves them."""


def parse_counters(text: str) -> dict[str, int]:
    """Return the counters in the text of `/proc/net/netstat` or `/proc/net/snmp`, by "Group.Name".

    Raises: EvidenceError if names and values do not pair up.
    """
    lines = text.splitlines()
    counters: dict[str, int] = {}
    try:
        for names, values in zip(lines[::2], lines[1::2], strict=True):
            counters.update(_parse_group(names, values))
    except ValueError as error:
        raise EvidenceError(f"the kernel's network counters cannot be read: {error}") from error
    return counters


def _parse_group(names: str, values: str) -> dict[str, int]:
    group, *columns = names.split()
    value_group, *numbers = values.split()
    if group != value_group:
        raise ValueError(f"{group!r} is followed by {value_group!r}")
    prefix = group.removesuffix(":")
    return {f"{prefix}.{name}": int(number) for name, number in zip(columns, numbers, strict=True)}


class NamespaceCounters:
    """The counters of a process's network namespace, also after that process has ended: an open file keeps it.

    `Path("/proc/self")` would be the namespace of the main thread, whatever the calling one has entered.
    Source: Linux v6.18 fs/proc/proc_net.c single_open_net(), which holds the namespace until the file is closed.
    """

    def __init__(self, process: Path) -> None:
        self._process = process
        self._resources = contextlib.ExitStack()
        self._files: list[BinaryIO] = []

    def __enter__(self) -> Self:
        """Open them. Raises: EvidenceError."""
        with contextlib.ExitStack() as stack:
            try:
                for name in ("netstat", "snmp"):
                    path = self._process / "net" / name
                    self._files.append(stack.enter_context(path.open("rb", buffering=0)))
            except OSError as error:
                raise EvidenceError(f"no network counters from {self._process}: {error.strerror}") from error
            self._resources = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()

    def read(self) -> dict[str, int]:
        """Return what they are now, by "Group.Name". Raises: EvidenceError."""
        values: dict[str, int] = {}
        for file in self._files:
            try:
                text = _read_anew(file).decode("ascii", "replace")
            except OSError as error:
                raise EvidenceError(f"no network counters from {self._process}: {error.strerror}") from error
            values.update(parse_counters(text))
        return values


def _read_anew(file: BinaryIO) -> bytes:
    """Return what stands in an unbuffered file now; the kernel may give it in pieces."""
    file.seek(0)
    text = b""
    while len(text) < _MAX_FILE_SIZE_BYTES and (piece := file.read(_MAX_FILE_SIZE_BYTES - len(text))):
        text += piece
    return text


def read_counters(process: Path = Path("/proc/thread-self")) -> dict[str, int]:
    """Read the counters of the network namespace of a process once: `Path("/proc/PID")`, or of the calling thread.

    Raises: EvidenceError.
    """
    with NamespaceCounters(process) as counters:
        return counters.read()


def changes(before: CounterReading, after: CounterReading) -> dict[str, int]:
    """Return what moved between two readings, and by how much; a counter that one lacks is left out."""
    moved = {
        name: value - before.values[name]
        for name, value in after.values.items()
        if before.values.get(name, value) != value
    }
    return dict(sorted(moved.items()))
