import numpy as np

from hitless.explain.formats.known import known_formats
from hitless.explain.heads.stamps import StampReader
from hitless.explain.scan.columns import BlockColumns, ColumnReader
from hitless.explain.scan.head_shape import HeadShape
from hitless.explain.scan.plan import WordPlan, plan_words
from tests.explain.made import OPTIONS, START, START_S, bsd, lines, message


def http() -> WordPlan:
    plan = plan_words(known_formats()[0])
    assert plan is not None
    return plan


def reader() -> ColumnReader:
    stamps = StampReader(OPTIONS.clock, near_ns=START_S * 10**9)
    return ColumnReader(HeadShape("bsd", 0, 2), OPTIONS.clock, stamps)


def usable(block: BlockColumns) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    return np.ones(block.lines, dtype=bool)


def test_fields_of_a_block() -> None:
    columns = reader()
    data = b"".join(lines(3, every_ms=1500, pids=(100, 200, 200)))
    block = columns.read(data, 5000)
    found = block.columns(http(), usable(block))
    assert found.offset.tolist() == [5000, 5000 + data.index(b"\n") + 1, 5000 + data.rindex(b"\n", 0, -1) + 1]
    assert found.second.tolist() == [START_S, START_S + 1, START_S + 3]
    assert found.accepted_ms.tolist() == [START_S * 1000, START_S * 1000 + 1499, START_S * 1000 + 2998]
    assert [columns.origins.texts[n] for n in found.origin] == [
        b"lb1 haproxy[100]:",
        b"lb1 haproxy[200]:",
        b"lb1 haproxy[200]:",
    ]
    assert [columns.frontends.texts[n] for n in found.frontend] == [b"web"] * 3
    assert [columns.terminations.texts[n] for n in found.termination] == [b"----"] * 3
    assert found.status.tolist() == [200, 200, 200]
    assert not list(block.leftover(usable(block)))


def test_lines_that_are_damaged_are_left() -> None:
    good = f"{bsd(START)} lb1 haproxy[100]: {message(0, START)}"
    bad = [
        good.replace(" 200 ", " 2x0 "),
        good.replace(" 200 ", " 20 "),
        good.replace("[29/Nov", "(29/Nov"),
        good.replace("29/Nov/2026:", "29-Nov-2026:"),
        good.replace(" ---- ", " --- "),
        good.replace(" ---- ", " -=-- "),
        good.replace(" web ", " " + "w" * 200 + " "),
        good[:60],
        "x",
        "",
    ]
    columns = reader()
    block = columns.read("\n".join([*bad, good, ""]).encode(), 0)
    found = block.columns(http(), usable(block))
    assert found.offset.tolist() == [sum(len(line) + 1 for line in bad)]
    left = list(block.leftover(usable(block)))
    assert [raw.decode() for _, raw in left] == bad
    assert next(block.messages(usable(block)))[1].startswith(b"10.0.0.0:1024")


def test_a_status_that_was_never_sent() -> None:
    line = f"{bsd(START)} lb1 haproxy[100]: {message(0, START)}\n".replace(" 200 ", " -1 ")
    block = reader().read(line.encode(), 0)
    assert block.columns(http(), usable(block)).status.tolist() == [-1]


def test_a_date_that_is_none() -> None:
    line = f"{bsd(START)} lb1 haproxy[100]: {message(0, START)}\n".replace("29/Nov", "31/Feb")
    block = reader().read(line.encode(), 0)
    assert block.columns(http(), usable(block)).accepted_ms.tolist() == [-1]


def test_lines_that_are_not_usable_stay() -> None:
    data = b"".join(lines(4))
    block = reader().read(data, 0)
    mask = np.array([True, False, True, False])
    assert len(block.columns(http(), mask).offset) == 2
    assert [n for n, _ in block.leftover(usable(block))] == [1, 3]
    assert block.sizes(~mask) == sum(len(line) for line in list(lines(4))[1::2])


def test_lines_made_of_others_have_their_places() -> None:
    block = reader().read_unwrapped(b"".join(lines(2)), [70, 90])
    assert block.columns(http(), usable(block)).offset.tolist() == [70, 90]
