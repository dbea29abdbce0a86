"""The control socket: one request, one answer, and the connection ends."""

from collections.abc import Callable
from dataclasses import dataclass, field

from hitless.errors import HitlessError, UsageError
from hitless.hold.door import Door, Visitor
from hitless.hold.requests import REQUEST_LIMIT_BYTES, Request, encode, parse_request

__all__ = ["ControlDoor"]

_READ_BYTES = 64 * 1024


def _nothing(_request: Request) -> dict[str, object]:
    return {}


@dataclass(slots=True)
class ControlDoor(Door):
    """Takes requests, and sends what `act` returns."""

    act: Callable[[Request], dict[str, object]] = _nothing
    """Does what is asked for. Raises: HitlessError, which is the answer then."""
    _heard: dict[int, bytearray] = field(default_factory=dict)
    _answers: dict[int, bytes] = field(default_factory=dict)

    def hear(self, visitor: Visitor) -> bool:
        """Take (a part of) a request; or send (a further part of) the answer."""
        number = visitor.connection.fileno()
        if number in self._answers:
            return self._send(visitor, number)
        data = visitor.connection.recv(_READ_BYTES)
        if not data:
            return False
        heard = self._heard.setdefault(number, bytearray())
        heard += data
        if len(heard) > REQUEST_LIMIT_BYTES:
            raise UsageError(f"a request of more than {REQUEST_LIMIT_BYTES} bytes")
        line, newline, _ = bytes(heard).partition(b"\n")
        return not newline or self._answer(visitor, number, line)

    def _answer(self, visitor: Visitor, number: int, line: bytes) -> bool:
        try:
            answer = {"ok": True, **self.act(parse_request(line))}
        except HitlessError as error:
            answer = {"ok": False, "error": " ".join(filter(None, (error.message, error.hint)))}
        self._answers[number] = encode(answer)
        self.loop.watch(visitor.connection, lambda: self._hear(visitor), writing=True)
        return True

    def _send(self, visitor: Visitor, number: int) -> bool:
        answer = self._answers[number]
        self._answers[number] = answer[visitor.connection.send(answer) :]
        return bool(self._answers[number])

    def forget(self, visitor: Visitor) -> None:
        """Forget what a visitor has said."""
        self._heard.pop(visitor.connection.fileno(), None)
        self._answers.pop(visitor.connection.fileno(), None)
