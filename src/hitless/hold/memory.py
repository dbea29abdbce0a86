"""What a holder has to know again when it is executed anew, or started again.

It is in a memory file that is kept with the sockets: across execve, or in systemd's store. Nothing is on disk.
"""

import fcntl
import json
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hitless.errors import UsageError
from hitless.hold.held import Instance
from hitless.hold.instance import InstanceSpec, read_spec_document, spec_document

__all__ = ["Memory", "Remembered", "RememberedSocket", "decode", "encode"]

_VERSION = 1
_LIMIT_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RememberedSocket:
    """What the socket itself does not tell."""

    instance: str
    namespace: str
    unattended_since_s: float | None
    last_start_ticks: int
    descriptor: int


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was written down."""

    specs: tuple[InstanceSpec, ...] = ()
    sockets: Mapping[int, RememberedSocket] = ()  # type: ignore[assignment]
    """By inode."""
    doors: Mapping[str, int] = ()  # type: ignore[assignment]
    """Descriptors of the listening sockets of ours, by name."""


def encode(instances: Iterable[Instance], doors: Mapping[str, int]) -> bytes:
    """Return what is to be remembered."""
    document = {
        "version": _VERSION,
        "instances": [
            {
                "spec": spec_document(instance.spec),
                "sockets": [
                    [
                        h.inode,
                        h.listener.namespace,
                        h.unattended_since_s,
                        h.last_start_ticks,
                        h.listener.descriptor,
                    ]
                    for h in instance.sockets.values()
                ],
            }
            for instance in instances
        ],
        "doors": dict(doors),
    }
    return json.dumps(document, separators=(",", ":")).encode()


def decode(data: bytes) -> Remembered:
    """Return what was written down.

    Raises: UsageError if it cannot be understood: another version wrote it.
    """
    try:
        document = json.loads(data)
        if document["version"] != _VERSION:
            raise UsageError(f"what was kept is of version {document['version']!r}")
        specs = tuple(read_spec_document(each["spec"]) for each in document["instances"])
        sockets = {
            row[0]: RememberedSocket(each["spec"]["name"], *row[1:])
            for each in document["instances"]
            for row in each["sockets"]
        }
        return Remembered(
            specs, sockets, {str(name): int(number) for name, number in document["doors"].items()}
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError("what was kept cannot be read") from error


class Memory:
    """The file."""

    def __init__(self, descriptor: int | None = None) -> None:
        self.descriptor = (
            os.memfd_create("hitless-hold", os.MFD_CLOEXEC) if descriptor is None else descriptor
        )
        self._written = b""

    def write(self, data: bytes) -> None:
        """Replace what is in it."""
        if data == self._written:
            return
        os.pwrite(self.descriptor, data.ljust(len(self._written)), 0)
        os.ftruncate(self.descriptor, len(data))
        self._written = data

    def read(self) -> Remembered:
        """Return what is in it.

        Raises: UsageError
        """
        status = os.fstat(self.descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LIMIT_BYTES:
            raise UsageError("what was kept is no memory file")
        return decode(os.pread(self.descriptor, status.st_size, 0))


def set_inheritable(descriptors: Iterable[int], *, inheritable: bool) -> None:
    """Let descriptors outlive execve, or not."""
    for descriptor in descriptors:
        flags = fcntl.fcntl(descriptor, fcntl.F_GETFD) & ~fcntl.FD_CLOEXEC
        fcntl.fcntl(descriptor, fcntl.F_SETFD, flags if inheritable else flags | fcntl.FD_CLOEXEC)
