"""What a client may ask of the world with the request header X-Hitless, read from hostile bytes.

"delay-ms=1500": answer after that time. "stream-ms=8000; chunk-ms=100; size=64": a body of `size` bytes every
`chunk-ms` over that time. "size-bytes=1000000": a body of that length. "status=503".
"""

from typing import NamedTuple

__all__ = ["DEFAULT", "Behaviour", "parse_behaviour"]


class Behaviour(NamedTuple):
    """The parsed header; 0 leaves a thing as it is."""

    delay_ms: int = 0
    stream_ms: int = 0
    chunk_ms: int = 100
    chunk_size_bytes: int = 64
    body_size_bytes: int = 0
    status: int = 0


DEFAULT = Behaviour()

_FIELDS = {
    b"delay-ms": ("delay_ms", 0, 600_000),
    b"stream-ms": ("stream_ms", 0, 3_600_000),
    b"chunk-ms": ("chunk_ms", 1, 60_000),
    b"size": ("chunk_size_bytes", 1, 65_536),
    b"size-bytes": ("body_size_bytes", 0, 1 << 40),
    b"status": ("status", 200, 599),
}
_MOST_DIGITS = 14


def parse_behaviour(value: bytes) -> Behaviour:
    """Return what the header asks for, within bounds; what cannot be read is left out."""
    found = {}
    for part in value.split(b";")[: len(_FIELDS)]:
        key, _, number = part.strip().partition(b"=")
        if key in _FIELDS and number.isdigit() and len(number) <= _MOST_DIGITS:
            name, low, high = _FIELDS[key]
            found[name] = max(low, min(high, int(number)))
    return Behaviour(**found) if found else DEFAULT
