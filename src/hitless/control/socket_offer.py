"""Offer listening sockets to a HAProxy that is started with `-x`, in the place of an old process that cannot.

The socket is in a private directory, and who connects must be root, ourselves, or the one other user that was named.
HAProxy waits one second for an answer, so clients are served side by side: one that stalls holds up nobody.
"""

import contextlib
import os
import re
import selectors
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from hitless.control.errors import CouldNotAsk, NotUnderstood
from hitless.control.fd_passing import REQUEST, SocketsServer
from hitless.control.peer import read_peer
from hitless.control.socket_serving import ServedClient
from hitless.control.socket_transfer import PassedListener
from hitless.limits import allow_descriptors

__all__ = ["SocketOffer"]

_MOST_CLIENTS = 16
_MOST_PROBLEMS = 20
_OF_ROOT = "/run"
_NAME = re.compile(r"hitless-offer-([0-9]{1,10})-[a-z0-9_]+")


@dataclass(slots=True)
class _Client:
    served: ServedClient
    who: str
    deadline: float


class SocketOffer:
    """Serves the listeners to one HAProxy, within the `with` block; afterwards thread, socket and directory are gone.

    The listeners stay the caller's: open until the block ends, closed by whoever opened them.

    Args:
        listeners: What is handed over, in this order; at least one.
        allowed_uid: A user who may fetch them besides root and ourselves: the one that the new HAProxy starts as.
        directory: Where the private directory is made; "" for /run as root, else $XDG_RUNTIME_DIR or the temporary one.
        client_timeout_s: How long one client may take.
    Raises: CouldNotAsk if the socket cannot be made; ValueError without listeners.
    """

    def __init__(
        self,
        listeners: Sequence[PassedListener],
        *,
        allowed_uid: int | None = None,
        directory: str = "",
        client_timeout_s: float = 10.0,
    ) -> None:
        self._listeners = tuple(listeners)
        self._records = tuple(listener.record for listener in self._listeners)
        SocketsServer(self._records).feed(
            REQUEST
        )  # what cannot be sent is an error now, not when it is asked for
        self._allowed = {0, os.geteuid(), *(() if allowed_uid is None else (allowed_uid,))}
        self._owner = allowed_uid
        self._base = directory or _default_directory()
        self._timeout_s = client_timeout_s
        self._served = threading.Event()
        self._clients: dict[int, _Client] = {}
        self._resources = contextlib.ExitStack()
        self.path = ""
        """What -x is given."""
        self.problems: list[str] = []
        """What clients did wrong, as far as they are worth a word; at most 20."""

    @property
    def was_served(self) -> bool:
        """A HAProxy has got all of them, and said so: that may be heard after it has begun to serve."""
        return self._served.is_set()

    def wait_served(self, timeout_s: float) -> bool:
        """Wait until a HAProxy has got all of them; return whether it has."""
        return self._served.wait(timeout_s)

    def __enter__(self) -> Self:
        allow_descriptors(_MOST_CLIENTS)
        with self._resources:
            _sweep(self._base)
            listening = self._bind()
            stop, stopped = socket.socketpair()
            self._resources.enter_context(stopped)
            thread = threading.Thread(
                target=self._serve, args=(listening, stopped), name="socket offer", daemon=True
            )
            thread.start()
            self._resources.callback(thread.join)
            self._resources.callback(stop.close)
            self._resources = self._resources.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()

    def _bind(self) -> socket.socket:
        try:
            place = tempfile.mkdtemp(prefix=f"hitless-offer-{os.getpid()}-", dir=self._base)  # mode 0700
            self._resources.callback(_remove, place)
            self.path = f"{place}/sockets"
            listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
            self._resources.enter_context(listening)
            listening.setblocking(False)  # noqa: FBT003 - the standard library's way
            listening.bind(self.path)
            Path(self.path).chmod(0o600)
            if self._owner is not None and self._owner != os.geteuid():
                os.chown(self.path, self._owner, -1)
                os.chown(place, self._owner, -1)
            listening.listen(_MOST_CLIENTS)
        except OSError as error:
            raise CouldNotAsk(
                f"no socket can be made in {self._base} to offer listening sockets through: {error.strerror or error}"
            ) from error
        return listening

    def _serve(self, listening: socket.socket, stopped: socket.socket) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(listening, selectors.EVENT_READ)
            selector.register(stopped, selectors.EVENT_READ)
            while True:
                ready = {key.fd for key, _ in selector.select(self._patience_s())}
                if stopped.fileno() in ready:
                    break
                for descriptor in ready & self._clients.keys():
                    if descriptor in self._clients:  # the one before may have ended it all
                        self._hear(self._clients[descriptor], selector)
                self._drop_late(selector)
                if listening.fileno() in ready:
                    self._accept(listening, selector)
            for client in list(self._clients.values()):
                self._drop(client, selector)

    def _patience_s(self) -> float | None:
        ends = [client.deadline for client in self._clients.values()]
        return max(0.0, min(ends) - time.monotonic()) if ends else None

    def _accept(self, listening: socket.socket, selector: selectors.BaseSelector) -> None:
        try:
            connection, _ = listening.accept()
        except (
            OSError
        ):  # it has gone again, or we have no descriptor left: the next one is accepted when it can be
            return
        peer = read_peer(connection)
        why = ""
        if peer.uid not in self._allowed:
            why = "is not allowed to have the listening sockets"
        elif self.was_served:
            why = "came after they had been handed over"
        elif len(self._clients) >= _MOST_CLIENTS:
            why = "is one too many at a time"
        if why:
            self._note(f"{peer} {why}")
            connection.close()
            return
        connection.setblocking(False)  # noqa: FBT003 - as above
        served = ServedClient(
            connection, SocketsServer(self._records), [listener.descriptor for listener in self._listeners]
        )
        client = _Client(served, str(peer), time.monotonic() + self._timeout_s)
        self._clients[connection.fileno()] = client
        selector.register(connection, selectors.EVENT_READ)

    def _hear(self, client: _Client, selector: selectors.BaseSelector) -> None:
        try:
            client.served.hear()
        except BlockingIOError:
            return
        except (OSError, CouldNotAsk, NotUnderstood) as error:
            self._note(f"{client.who}: {error}")
            self._drop(client, selector)
            return
        if client.served.complete:
            self._served.set()
            for each in list(self._clients.values()):
                self._drop(each, selector)

    def _drop_late(self, selector: selectors.BaseSelector) -> None:
        now = time.monotonic()
        for client in [c for c in self._clients.values() if c.deadline <= now]:
            self._note(f"{client.who} took longer than {self._timeout_s:g} s")
            self._drop(client, selector)

    def _drop(self, client: _Client, selector: selectors.BaseSelector) -> None:
        connection = client.served.connection
        selector.unregister(connection)
        del self._clients[connection.fileno()]
        connection.close()

    def _note(self, problem: str) -> None:
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(problem)


def _default_directory() -> str:
    if os.geteuid() == 0:
        return _OF_ROOT
    return os.environ.get("XDG_RUNTIME_DIR", "") or tempfile.gettempdir()


def _sweep(base: str) -> None:
    """Remove what processes that were killed have left."""
    for place in _left_behind(base):
        _remove(place)


def _left_behind(base: str) -> Iterator[str]:
    with contextlib.suppress(OSError), os.scandir(base) as entries:
        for entry in entries:
            match = _NAME.fullmatch(entry.name)
            if (
                match
                and entry.is_dir(follow_symlinks=False)
                and (base == _OF_ROOT or entry.stat(follow_symlinks=False).st_uid == os.geteuid())
                and not Path(f"/proc/{match[1]}").exists()
            ):
                yield entry.path


def _remove(place: str) -> None:
    with contextlib.suppress(OSError):
        Path(f"{place}/sockets").unlink()
    with contextlib.suppress(OSError):
        Path(place).rmdir()
