import numpy as np
import pytest

from hitless.evidence.haproxy_messages import MessageKind
from hitless.explain.scan import tally as module
from hitless.explain.scan.columns import Columns
from hitless.explain.scan.lean import LeanLine
from hitless.explain.scan.tally import Extent, Tally
from hitless.logged import Clock, LinePlace, Moment, OwnMessage, UnknownText

PLACE = LinePlace(source=0, offset=0, size_bytes=1)
AT = Moment(t_ns=5, error_ns=1, clock=Clock.SYSLOG)


def columns(tally: Tally, *rows: tuple[int, int, int, str, int]) -> Columns:
    """Rows of offset, second, accepted in ms, termination, status."""
    offset, second, accepted, termination, status = zip(*rows, strict=True)
    numbers = [tally.terminations.number_of(text.encode()) for text in termination]
    zeros = np.zeros(len(rows), dtype=np.int64)
    tally.frontends.number_of(b"web")
    return Columns(
        np.array(offset),
        np.array(second),
        np.array(accepted),
        zeros,
        zeros,
        np.array(numbers),
        np.array(status),
    )


def test_counts_and_extents() -> None:
    tally = Tally(3)
    process = tally.process(("lb1", "haproxy", 7))
    rows = columns(tally, (0, 10, 9000, "----", 200), (90, 12, 8000, "----", 200), (180, 11, -1, "----", 200))
    tally.add(rows, np.array([process] * 3))
    assert tally.ended.table.tolist() == [[10, 0, 0, 200, 0, 1], [11, 0, 0, 200, 0, 1], [12, 0, 0, 200, 0, 1]]
    assert tally.accepted.table.tolist() == [[8, 0, 0, 1], [9, 0, 0, 1]]
    assert tally.extents == [Extent(3, 10, 12, 8000, 9000, 0, 180, 3)]
    assert tally.process(("lb1", "haproxy", 7)) == process


def test_trouble_is_what_went_wrong() -> None:
    tally = Tally(3)
    rows = columns(
        tally,
        (0, 1, 1, "----", 200),
        (1, 1, 1, "SC--", 503),
        (2, 1, 1, "----", 502),
        (3, 1, 1, "LR--", 301),
        (4, 1, 1, "CD", 200),
        (5, 1, 1, "", -1),
    )
    tally.add(rows, np.zeros(6, dtype=np.int64) + tally.process(("", "", 1)))
    assert tally.trouble.lines == 4
    assert tally.trouble.table.tolist() == [[1, 3, 1], [1, 3, 2], [1, 3, 4], [1, 3, 5]]


def test_single_lines() -> None:
    tally = Tally(0)
    for second in range(5000):
        tally.take_lean(
            LeanLine(second * 1000, "web", 200, "----", second % 2),
            ("h", "p", 9),
            offset=second,
            second=second,
        )
    tally.finish()
    tally.finish()
    assert tally.ended.table[:, -1].sum() == 5000
    assert set(tally.processes) == {("h", "p", 1), ("h", "p", 9)}


def test_messages_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    tally = Tally(0)
    message = OwnMessage(at=AT, place=PLACE, kind=MessageKind.LOADED, text="Loading success.")
    monkeypatch.setattr(module, "_MOST_MESSAGES", 2)
    for _ in range(5):
        tally.take(message)
    assert len(tally.messages) == 2
    assert tally.dropped_messages == 3
    for _ in range(500):
        tally.take(UnknownText(at=AT, place=PLACE, text="x"))
    assert len(tally.unknown) < 500


def test_extents_are_joined() -> None:
    one = Extent(2, 10, 20, 5, 9, 100, 200, 0)
    one.join(Extent(1, 5, 30, -1, -1, 0, 300, 1))
    assert one == Extent(3, 5, 30, 5, 9, 0, 300, 1)
    one.join(Extent())
    assert one == Extent(3, 5, 30, 5, 9, 0, 300, 1)
    empty = Extent()
    empty.join(Extent(1, 5, 5, 4, 4, 7, 7, 2))
    assert empty == Extent(1, 5, 5, 4, 4, 7, 7, 2)
