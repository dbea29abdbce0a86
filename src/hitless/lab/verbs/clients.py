"""Steps with single clients: one request, and connections that are kept while other steps are done."""

from __future__ import annotations

import re
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from hitless.errors import SandboxError
from hitless.lab.verbs.words import options_of
from hitless.units import parse_duration_s

if TYPE_CHECKING:
    from collections.abc import Callable

    from hitless.lab.stage import Stage

__all__ = ["VERBS", "HeldClient"]

URL = "http://127.0.0.1:8080/"
ANSWER_S = 10.0
LIMIT_BYTES = 64 * 1024
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_WEBSOCKET = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: aGl0bGVzcyBpcyBhIGxhYg==\r\n"
)


class HeldClient:
    """One connection: what was received on it, and how it ended ("" while it is open)."""

    def __init__(self, place: _Place, timeout_s: float = ANSWER_S) -> None:
        self.place = place
        self.received = b""
        self.ended = ""
        self.connection: socket.socket | None = None
        try:
            self.connection = socket.create_connection(place.address, timeout=timeout_s)
        except OSError as error:
            self.ended = _reason(error)

    def send(self, data: bytes) -> None:
        """Send; a failure is how the connection has ended."""
        self.received = b""
        if self.connection is None or self.ended:
            return
        try:
            self.connection.sendall(data)
        except OSError as error:
            self.ended = _reason(error)

    def receive(self, timeout_s: float, *, whole: bool = False) -> None:
        """Take what comes until an answer is there (`whole`: until the end), at most for so long between pieces."""
        while self.connection is not None and not self.ended and len(self.received) < LIMIT_BYTES:
            if timeout_s and not whole and _complete(self.received):
                return
            try:
                self.connection.settimeout(timeout_s)
                data = self.connection.recv(LIMIT_BYTES)
            except (TimeoutError, BlockingIOError):
                return
            except OSError as error:
                self.ended = _reason(error)
                return
            self.received += data
            self.ended = "" if data else "closed"

    @property
    def status(self) -> int:
        """The status of the answer, 0 while there is none."""
        match = _STATUS.match(self.received)
        return int(match[1]) if match else 0

    def close(self) -> None:
        """Close it."""
        if self.connection is not None:
            self.connection.close()


class _Place(NamedTuple):
    address: tuple[str, int]
    path: str

    def request(self, *headers: str) -> bytes:
        """Return a request of HTTP/1.1."""
        lines = (f"GET {self.path} HTTP/1.1", f"Host: {self.address[0]}", *(h for h in headers if h))
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _place(url: str) -> _Place:
    parts = urlsplit(url)
    return _Place((parts.hostname or "", parts.port or 80), parts.path or "/")


def _reason(error: OSError) -> str:
    return "timeout" if isinstance(error, TimeoutError) else error.strerror or str(error)


def _complete(received: bytes) -> bool:
    head, end, body = received.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return bool(end) and (length is None or len(body) >= int(length[1]))


def get(stage: Stage, *words: str) -> None:
    """Send one request on a connection of its own: `get [as=NAME] [times=N] [within=10s] [header=LINE] [URL]`.

    Observes `NAME.status` (0 without an answer) and `NAME.said` (the answer, or how it failed) of the last of them,
    and `NAME.failed`: how many had no answer, or one of 500 and above. NAME is "get" without an own one.
    """
    options, rest = options_of(words, "as", "times", "within", "header")
    name, place = options.get("as", "get"), _place(rest[0] if rest else URL)
    failed, within_s = 0, parse_duration_s(options.get("within", "10s"))
    for _ in range(int(options.get("times", "1"))):
        client = HeldClient(place)
        client.send(place.request("Connection: close", options.get("header", "")))
        client.receive(within_s, whole=True)
        client.close()
        failed += not 100 <= client.status < 500
        stage.observe(f"{name}.status", client.status)
        stage.observe(f"{name}.said", client.received.decode(errors="replace") or client.ended)
    stage.observe(f"{name}.failed", failed)


def hold(stage: Stage, name: str, kind: str, *words: str) -> None:
    """Keep connections: `hold NAME idle|silent|part|websocket|request [number=N] [delay=5s] [URL]`.

    idle: a request was answered, the connection is kept alive; silent: nothing was sent; part: half a request;
    websocket: upgraded and silent; request: sent, and the server takes `delay` to answer.
    Observes `NAME.held`: how many came to that.
    """
    options, rest = options_of(words, "number", "delay")
    place = _place(rest[0] if rest else URL)
    held = [HeldClient(place) for _ in range(int(options.get("number", "1")))]
    stage.held[name] = held
    for client in held:
        stage.stack.callback(client.close)
        client.send(_first(place, kind, parse_duration_s(options.get("delay", "5s"))))
    for client in held if kind in {"idle", "websocket"} else ():
        client.receive(ANSWER_S)
    good = {"idle": range(200, 500), "websocket": range(101, 102)}.get(kind, range(1))
    stage.observe(f"{name}.held", sum(not c.ended and c.status in good for c in held))


def _first(place: _Place, kind: str, delay_s: float) -> bytes:
    if kind == "silent":
        return b""
    if kind == "part":
        return place.request()[:-4]
    if kind == "websocket":
        return place.request(_WEBSOCKET.rstrip())
    if kind == "request":
        return place.request(f"X-Hitless: delay-ms={delay_s * 1000:.0f}")
    if kind == "idle":
        return place.request()
    raise SandboxError(f"no connection is kept that is called {kind!r}")


def look(stage: Stage, name: str, wait: str = "0s") -> None:
    """Look at kept connections, or wait for their answer or end: `look NAME [5s]`.

    Observes `NAME.open` (how many still are), and of the last `NAME.status` (0: no answer), `NAME.said`, `NAME.ended`
    (how: "closed", "Connection reset by peer", "" while it is open).
    """
    for client in _held(stage, name):
        client.receive(parse_duration_s(wait))
    _observe(stage, name)


def use(stage: Stage, name: str) -> None:
    """Send a request on each kept connection, on a new one where it was closed before: `use NAME`; observes as `look`.

    `NAME.failed`: how many had no answer, or one of 500 and above; `NAME.again`: how many had to connect anew.
    """
    again = 0
    clients = _held(stage, name)
    for number, client in enumerate(clients):
        client.receive(0)
        if client.ended:
            again += 1
            client.close()
            clients[number] = HeldClient(client.place)
            stage.stack.callback(clients[number].close)
        clients[number].send(client.place.request())
        clients[number].receive(ANSWER_S)
    stage.observe(f"{name}.failed", sum(not 100 <= client.status < 500 for client in clients))
    stage.observe(f"{name}.again", again)
    _observe(stage, name)


def let_go(stage: Stage, name: str) -> None:
    """Close kept connections: `let-go NAME`."""
    for client in _held(stage, name):
        client.close()
    del stage.held[name]


def _held(stage: Stage, name: str) -> list[HeldClient]:
    if name not in stage.held:
        raise SandboxError(f"no connections are kept under the name {name!r}")
    return stage.held[name]


def _observe(stage: Stage, name: str) -> None:
    clients = _held(stage, name)
    stage.observe(f"{name}.open", sum(not client.ended for client in clients))
    with suppress(IndexError):
        last = clients[-1]
        stage.observe(f"{name}.status", last.status)
        stage.observe(f"{name}.said", last.received.decode(errors="replace"))
        stage.observe(f"{name}.ended", last.ended)


VERBS: dict[str, Callable[..., None]] = {"get": get, "hold": hold, "look": look, "use": use, "let-go": let_go}
