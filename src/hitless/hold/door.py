"""A unix socket that a holder listens on, and those who come through it: known by the kernel, few, and soon gone."""

import contextlib
import os
import socket
import stat
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hitless.control.peer import Peer, read_peer
from hitless.errors import HitlessError, UsageError
from hitless.hold.loop import Loop

__all__ = ["Door", "Visitor", "open_listening", "prepare_directory"]

_BACKLOG = 128
_MOST_ACCEPTED_AT_ONCE = 32


def prepare_directory(path: str) -> None:
    """Make the holder's directory: others may pass through it, to the one socket that is theirs, and not write in it.

    Raises: UsageError if it is somebody else's.
    """
    try:
        Path(path).parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            Path(path).mkdir(mode=0o711)
        status = os.lstat(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be used: {error.strerror}.") from error
    if status.st_uid != os.geteuid() or status.st_mode & 0o022 or not stat.S_ISDIR(status.st_mode):
        raise UsageError(f"{path} is left alone: it is not ours alone to write in.")


def open_listening(path: str, owner_uid: int) -> socket.socket:
    """Return a socket of mode 0600 that listens at a path; whoever was there before is replaced in one step.

    Raises: UsageError
    """
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    waiting = f"{path}.{os.urandom(4).hex()}"
    try:
        before = os.umask(0o177)
        try:
            listening.bind(waiting)
        finally:
            os.umask(before)
        if owner_uid != os.geteuid():
            os.chown(waiting, owner_uid, -1, follow_symlinks=False)
        listening.listen(_BACKLOG)
        os.rename(waiting, path)  # noqa: PTH104 - a plain string
    except OSError as error:
        listening.close()
        with contextlib.suppress(OSError):
            os.unlink(waiting)  # noqa: PTH108 - as above
        raise UsageError(f"No socket can be made at {path}: {error.strerror or error}.") from error
    listening.setblocking(False)  # noqa: FBT003 - the standard library's way
    return listening


@dataclass(slots=True)
class Visitor:
    """One connection."""

    connection: socket.socket
    peer: Peer
    deadline_s: float


@dataclass(slots=True)
class Door(ABC):
    """Accepts those who may come, calls `hear` when one has said something, and shows them out."""

    listening: socket.socket
    loop: Loop
    allowed_uids: frozenset[int]
    say: Callable[[str], None]
    most: int = 64
    patience_s: float = 5.0
    visitors: dict[int, Visitor] = field(default_factory=dict)
    refused: int = 0
    """How many were one too many, or of another user."""
    _said_at_s: float = 0.0

    def open(self) -> None:
        """Begin to accept."""
        self.loop.watch(self.listening, self.accept)

    @abstractmethod
    def hear(self, visitor: Visitor) -> bool:
        """Take what a visitor says, answer; return whether it may stay.

        Raises: HitlessError, OSError: it is shown out.
        """

    def accept(self, listening: socket.socket | None = None) -> None:
        """Accept those who wait; `listening` is where they did before this door was made."""
        for _ in range(_MOST_ACCEPTED_AT_ONCE):
            try:
                connection, _ = (listening or self.listening).accept()
            except (
                OSError
            ):  # nobody waits, or we have no descriptor left: the next is accepted when it can be
                return
            self._admit(connection)

    def _admit(self, connection: socket.socket) -> None:
        peer = read_peer(connection)
        why = ""
        if peer.uid not in self.allowed_uids:
            why = "has no right to ask"
        elif len(self.visitors) >= self.most:
            why = "is one too many at a time"
        if why:
            self.refused += 1
            self._complain(f"{peer} {why}")
            connection.close()
            return
        connection.setblocking(False)  # noqa: FBT003 - as above
        visitor = Visitor(connection, peer, time.monotonic() + self.patience_s)
        self.visitors[connection.fileno()] = visitor
        self.loop.watch(connection, lambda: self._hear(visitor))

    def _hear(self, visitor: Visitor) -> None:
        try:
            if self.hear(visitor):
                return
        except BlockingIOError:
            return
        except OSError as error:
            self._complain(f"{visitor.peer}: {error.strerror or error}")
        except HitlessError as error:
            self._complain(f"{visitor.peer}: {error.message}")
        self.show_out(visitor)

    def show_out(self, visitor: Visitor) -> None:
        """Close a connection."""
        if self.visitors.pop(visitor.connection.fileno(), None) is not None:
            self.loop.forget(visitor.connection)
            self.forget(visitor)
            visitor.connection.close()

    @abstractmethod
    def forget(self, visitor: Visitor) -> None:
        """Close what was opened for a visitor."""

    def drop_late(self, now_s: float) -> None:
        """Show out those who take too long."""
        for visitor in [v for v in self.visitors.values() if v.deadline_s <= now_s]:
            self._complain(f"{visitor.peer} took longer than {self.patience_s:g} s")
            self.show_out(visitor)

    def _complain(self, text: str) -> None:
        """Say it, at most once a second: whoever comes may come often."""
        now_s = time.monotonic()
        if now_s - self._said_at_s >= 1.0:
            self._said_at_s = now_s
            self.say(text)

    def close(self) -> None:
        """Accept nobody more, and show everybody out; the socket is closed."""
        self.loop.forget(self.listening)
        for visitor in list(self.visitors.values()):
            self.show_out(visitor)
        self.listening.close()
