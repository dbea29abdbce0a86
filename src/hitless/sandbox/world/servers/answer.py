"""Decide what an HTTP request is answered, the same for HTTP/1 and HTTP/2."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hitless.sandbox.world.servers.behaviour import DEFAULT, Behaviour, parse_behaviour

if TYPE_CHECKING:
    from hitless.sandbox.world.records import Endpoint

__all__ = ["BODILESS", "Answer", "Answers"]

BODILESS = frozenset({204, 304})
"""Statuses without a body (RFC 9110 section 6.4.1)."""

Headers = tuple[tuple[bytes, bytes], ...]
_PLAIN: Headers = ((b"content-type", b"text/plain"),)
_EVENTS: Headers = ((b"content-type", b"text/event-stream"), (b"cache-control", b"no-store"))


class Answer(NamedTuple):
    """A response: `length_bytes` is None where it is not known when the head goes out."""

    status: int
    headers: Headers
    body: bytes
    length_bytes: int | None
    behaviour: Behaviour = DEFAULT


class Answers:
    """The answers of one endpoint."""

    def __init__(self, endpoint: Endpoint) -> None:
        body = f"{endpoint.label or endpoint.where} answers from the simulated world\n".encode()
        self._default = Answer(200, _PLAIN, body, len(body))
        self._checks = {
            (a.method.encode("utf-8", "surrogateescape"), a.path.encode("utf-8", "surrogateescape")): Answer(
                a.status,
                (*_PLAIN, *((k.encode(errors="replace"), v.encode(errors="replace")) for k, v in a.headers)),
                b"" if a.status in BODILESS else a.body,
                0 if a.status in BODILESS else len(a.body),
            )
            for a in endpoint.answers
        }

    def decide(self, method: bytes, path: bytes, wish: bytes | None) -> Answer:
        """Return the answer to a request; `wish` is its X-Hitless header, which no health check carries."""
        if wish is None:
            return self._checks.get((method, path), self._default) if self._checks else self._default
        behaviour = parse_behaviour(wish)
        status = behaviour.status or 200
        if status in BODILESS:
            return Answer(status, (), b"", 0, behaviour)
        if behaviour.stream_ms:
            return Answer(status, _EVENTS, b"", None, behaviour)
        if behaviour.body_size_bytes:
            return Answer(status, _PLAIN, b"", behaviour.body_size_bytes, behaviour)
        return self._default._replace(status=status, behaviour=behaviour)
