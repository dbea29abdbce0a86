from hypothesis import given
from hypothesis import strategies as st

from hitless.explain.sources.blocks import LONGEST_LINE_BYTES, Block, Hole, SkipCount, cut_blocks
from hitless.logged import SkipReason


def cut(*chunks: bytes | Hole, offset: int = 0) -> tuple[list[Block], dict[SkipReason, tuple[int, int, int]]]:
    skips = SkipCount(5)
    blocks = list(cut_blocks(chunks, skips, offset=offset))
    return blocks, {s.reason: (s.lines, s.size_bytes, s.first_offset) for s in skips.skipped}


def lines_of(blocks: list[Block]) -> list[tuple[int, bytes]]:
    found = []
    for block in blocks:
        offset = block.offset
        for line in block.data.split(b"\n"):
            if line:
                found.append((offset, line))
            offset += len(line) + 1
    return found


def test_lines_over_the_borders_of_chunks() -> None:
    blocks, skipped = cut(b"one\ntw", b"o", b"\nthree\n", offset=100)
    assert lines_of(blocks) == [(100, b"one"), (104, b"two"), (108, b"three")]
    assert skipped == {}
    assert not any(block.torn for block in blocks)


def test_a_last_line_without_an_end_is_torn() -> None:
    blocks, _ = cut(b"one\ntw")
    assert lines_of(blocks) == [(0, b"one"), (4, b"tw")]
    assert blocks[-1].torn


def test_nul_bytes_are_not_a_line() -> None:
    blocks, skipped = cut(b"\0" * 10 + b"one\n\0\0two\n")
    assert lines_of(blocks) == [(10, b"one"), (16, b"two")]
    assert skipped == {SkipReason.NUL_BYTES: (0, 12, 0)}


def test_holes() -> None:
    blocks, skipped = cut(b"one\ntw", Hole(10**12), b"three\n")
    assert lines_of(blocks) == [(0, b"one"), (4, b"tw"), (6 + 10**12, b"three")]
    assert skipped == {SkipReason.NUL_BYTES: (0, 10**12, 6)}


def test_a_line_without_end_is_bounded() -> None:
    chunk = b"a" * 100_000
    blocks, skipped = cut(b"first\n", *[chunk] * 50, b"a\nlast\n")
    found = lines_of(blocks)
    assert [(offset, len(line)) for offset, line in found] == [
        (0, 5),
        (6, LONGEST_LINE_BYTES),
        (6 + 5_000_001 + 1, 4),
    ]
    assert skipped[SkipReason.TOO_LONG] == (1, 5_000_001 + 1 - LONGEST_LINE_BYTES, 6 + LONGEST_LINE_BYTES)


@given(st.lists(st.binary(max_size=30)), st.integers(0, 1000))
def test_every_line_is_found_where_it_is(chunks: list[bytes], offset: int) -> None:
    whole = b"".join(chunks)
    blocks, _ = cut(*chunks, offset=offset)
    for at, line in lines_of(blocks):
        assert whole[at - offset : at - offset + len(line)] == line
    assert [line for _, line in lines_of(blocks)] == [
        x for x in whole.replace(b"\0", b"\n").split(b"\n") if x
    ]


def test_details_are_kept_once() -> None:
    skips = SkipCount(1)
    skips.add(SkipReason.BROKEN_COMPRESSION, 0, 7, detail="first")
    skips.add(SkipReason.BROKEN_COMPRESSION, 5, 3, detail="second")
    (found,) = skips.skipped
    assert (found.source, found.lines, found.size_bytes, found.first_offset, found.detail) == (
        1,
        2,
        5,
        7,
        "first",
    )
