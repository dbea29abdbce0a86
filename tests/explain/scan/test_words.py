import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hitless.explain.scan.words import LONGEST_TEXT, Interner, WordFinder, find_words

LINES = st.lists(st.binary(max_size=60).map(lambda b: b.replace(b"\n", b"")), min_size=1, max_size=20)


@given(LINES)
def test_lines_and_gaps(lines: list[bytes]) -> None:
    data = b"\n".join(lines) + b"\n"
    words = find_words(data)
    assert [words.text(int(a), int(b)) for a, b in zip(words.starts, words.ends, strict=True)] == lines
    for n, line in enumerate(lines):
        gaps = words.gaps[words.first_gap[n] : words.last_gap[n] + 1] - words.starts[n]
        assert gaps.tolist() == [i for i, byte in enumerate(line + b"\n") if byte <= 32]


def test_a_last_line_without_its_end() -> None:
    words = find_words(b"one\ntwo")
    assert words.ends.tolist() == [3, 7]


@given(
    st.lists(st.binary(max_size=LONGEST_TEXT).map(lambda b: b.replace(b"\n", b"x")), min_size=1, max_size=30)
)
def test_equal_texts_have_equal_numbers(texts: list[bytes]) -> None:
    words = find_words(b"\n".join(texts) + b"\n")
    hashes = words.hashes(words.starts, words.ends)
    table = Interner()
    numbers = table.number(hashes, lambda n: texts[n])
    assert [table.texts[n] for n in numbers] == texts
    assert len(table.texts) == len(set(texts))
    assert table.number(hashes, lambda n: texts[n]).tolist() == numbers.tolist()
    assert [table.number_of(text) for text in texts] == numbers.tolist()


def test_a_text_has_the_same_number_beside_longer_ones() -> None:
    table = Interner()
    numbers = []
    for other in (b"", b"longer than sixteen bytes", b"x" * LONGEST_TEXT):
        words = find_words(b"web\n" + other + b"\n")
        hashes = words.hashes(words.starts, words.ends)
        numbers.append(int(table.number(hashes, lambda n, other=other: (b"web", other)[n])[0]))  # type: ignore[misc]
    assert numbers == [0, 0, 0]
    assert table.texts.count(b"web") == 1


def test_blocks_one_after_the_other() -> None:
    finder = WordFinder()
    for data in (b"a b\nc\n", b"one two three\nfour" * 50, b"x", b"", b"a\n" * 300):
        found, alone = finder.find(data), find_words(data)
        assert (found.ends.tolist(), found.gaps.tolist()) == (alone.ends.tolist(), alone.gaps.tolist())
        assert found.data.tolist() == alone.data.tolist()


def test_a_table_has_a_bound() -> None:
    table = Interner(2)
    assert [table.number_of(text) for text in (b"a", b"b", b"c", b"a")] == [0, 1, -1, 0]
    words = find_words(b"a\nc\n")
    assert table.number(words.hashes(words.starts, words.ends), lambda _: b"?").tolist() == [0, -1]


def test_an_empty_table() -> None:
    assert Interner().number(np.empty(0, dtype=np.uint64), lambda _: b"").tolist() == []
