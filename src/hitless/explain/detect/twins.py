"""One message in two logs: HAProxy says to syslog what it also prints on stderr.

The exacter of the two is kept. Lines that have no time (a file of stderr) take it from their twins, and those between
two twins lie between them.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from hitless.logged import Clock, Moment, OwnMessage
from hitless.units import NANOSECONDS_PER_SECOND

__all__ = ["merge_twins"]

_APART_NS = 2 * NANOSECONDS_PER_SECOND
_Key = tuple[object, ...]


def merge_twins(messages: Iterable[OwnMessage], *, until_ns: int = 0) -> list[OwnMessage]:
    """Return the messages in order of time, each once.

    `until_ns` is the last sign of anything in these logs: what stands behind the last twin was not after that.
    """
    timed: list[OwnMessage] = []
    untimed: dict[int, list[OwnMessage]] = defaultdict(list)
    for message in messages:
        if message.at.clock is Clock.NONE:
            untimed[message.place.source].append(message)
        else:
            timed.append(message)
    by_key: dict[_Key, list[OwnMessage]] = defaultdict(list)
    for message in timed:
        by_key[_key(message)].append(message)
    for lines in untimed.values():
        timed += _timed_by_twins(lines, by_key, until_ns)
    return _each_once(sorted(timed, key=lambda m: (m.at.t_ns, m.place.source, m.place.offset)))


def _key(message: OwnMessage) -> _Key:
    return (message.kind, message.pid, message.subject, message.number, message.text)


def _timed_by_twins(
    lines: Sequence[OwnMessage], by_key: dict[_Key, list[OwnMessage]], until_ns: int
) -> Iterable[OwnMessage]:
    """Return the lines of a source without times, in its order, each with the bounds that its neighbours give."""
    anchors = [next(iter(by_key.get(_key(line), ())), None) for line in lines]
    nexts: list[Moment | None] = [None] * len(lines)
    following: Moment | None = None
    for number in range(len(lines) - 1, -1, -1):
        anchor = anchors[number]
        following = anchor.at if anchor is not None else following
        nexts[number] = following
    before: Moment | None = None
    for line, anchor, after in zip(lines, anchors, nexts, strict=True):
        if anchor is not None:
            before = anchor.at
            yield replace(line, at=anchor.at)
        elif before is not None:
            error_ns = max(0, (after.latest_ns if after is not None else until_ns) - before.t_ns)
            yield replace(line, at=Moment(t_ns=before.t_ns, error_ns=error_ns, clock=Clock.BETWEEN))
        else:
            yield line


def _each_once(messages: Sequence[OwnMessage]) -> list[OwnMessage]:
    kept: list[OwnMessage] = []
    latest: dict[_Key, int] = {}
    for message in messages:
        key = _key(message)
        at = latest.get(key)
        twin = kept[at] if at is not None else None
        if twin is None or at is None or not _are_twins(twin, message):
            latest[key] = len(kept)
            kept.append(message)
        elif message.at.error_ns < twin.at.error_ns:
            kept[at] = replace(message, host=message.host or twin.host)
    return sorted(kept, key=lambda m: m.at.t_ns)


def _are_twins(one: OwnMessage, other: OwnMessage) -> bool:
    """Whether two equal messages are one: from different sources, at times that may be the same."""
    if one.place.source == other.place.source and one.program == other.program:
        return False
    return other.at.t_ns - one.at.latest_ns <= _APART_NS
