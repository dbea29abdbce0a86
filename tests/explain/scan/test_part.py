from hitless.explain.entries import EntryReader
from hitless.explain.scan.part import scan_part
from hitless.explain.scan.tally import Tally
from hitless.explain.sources.blocks import Block, SkipCount
from tests.explain.made import OPTIONS, START_S, lines


def scan(*blocks: Block) -> tuple[Tally, list[int]]:
    seen: list[int] = []
    reader = EntryReader(0, OPTIONS, end_ns=(START_S + 86_400) * 10**9)
    tally = scan_part(blocks, reader, OPTIONS, Tally(0), skips=SkipCount(0), seen=seen.append)
    return tally, seen


def test_blocks_are_counted_one_after_the_other() -> None:
    first, second = b"".join(lines(100)), b"".join(lines(100, pids=(200,)))
    tally, seen = scan(Block(first, 0), Block(second, len(first)))
    assert (tally.lines, tally.size_bytes, seen) == (200, len(first + second), [len(first), len(second)])
    assert {key[2] for key in tally.processes} == {100, 200}


def test_what_lines_look_like_is_learned_from_the_first_that_are_there() -> None:
    tally, _ = scan(Block(b"\n\n \n", 0), Block(b"".join(lines(10)), 4))
    assert tally.ended.table[:, -1].sum() == 10


def test_no_blocks() -> None:
    tally, seen = scan()
    assert (tally.lines, seen) == (0, [])
