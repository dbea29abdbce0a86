"""A block of lines that are wrapped in JSON as one of plain lines, with the stamp and origin that the wrapping knew."""

from dataclasses import dataclass
from datetime import UTC, datetime

from hitless.explain.heads.wall_clock import WallClock
from hitless.explain.heads.wrapped import Wrapped, unwrap
from hitless.explain.sources.blocks import Block
from hitless.units import NANOSECONDS_PER_MICROSECOND, NANOSECONDS_PER_SECOND

__all__ = ["Unwrapped", "is_wrapped", "unwrap_block"]


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """Plain lines, and for each the line it was made of and where that is."""

    data: bytes
    lines: list[bytes]
    offsets: list[int]


def is_wrapped(raw: bytes, clock: WallClock) -> bool:
    """Whether a line is wrapped."""
    return unwrap(raw, clock) is not None


def unwrap_block(block: Block, clock: WallClock) -> Unwrapped:
    """Return the lines of a block unwrapped; one that is not wrapped stays as it is."""
    stamps = _Stamps()
    plain: list[bytes] = []
    lines: list[bytes] = []
    offsets: list[int] = []
    offset = block.offset
    for raw in block.data.split(b"\n"):
        if raw:
            found = unwrap(raw, clock)
            plain.append(raw if found is None else _plain(found, stamps))
            lines.append(raw)
            offsets.append(offset)
        offset += len(raw) + 1
    return Unwrapped(b"\n".join(plain) + b"\n", lines, offsets)


def _plain(found: Wrapped, stamps: "_Stamps") -> bytes:
    text = found.text.encode("utf-8", "replace").replace(b"\n", b" ")
    if found.stamped:
        return text
    if found.moment is None:
        return b"-"
    stamp = stamps.of(found.moment.t_ns)
    if not found.program:
        return b"%s stdout F %s" % (stamp, text)
    origin = f"{found.host or '-'} {found.program}[{found.pid}]: ".encode("utf-8", "replace")
    return b"%s %s%s" % (stamp, origin, text)


class _Stamps:
    """Writes moments as ISO stamps; those of one second follow each other."""

    def __init__(self) -> None:
        self._second = -1
        self._text = b""

    def of(self, t_ns: int) -> bytes:
        second, within_ns = divmod(t_ns, NANOSECONDS_PER_SECOND)
        if second != self._second:
            moment = datetime.fromtimestamp(min(second, 253_402_300_799), UTC)
            self._second, self._text = second, moment.strftime("%Y-%m-%dT%H:%M:%S").encode()
        return b"%s.%06dZ" % (self._text, within_ns // NANOSECONDS_PER_MICROSECOND)
