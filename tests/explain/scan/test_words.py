import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hitless.explain.scan.words import LONGEST_TEXT, Interner, find_words

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


def test_texts_of_one_length() -> None:
    data = b"29/Nov/2026:02:58\n29/Nov/2026:02:58\n29/Nov/2026:02:59\n"
    words = find_words(data)
    keys = words.keys(words.starts, 17)
    assert keys[0] == keys[1] != keys[2]


def test_a_table_has_a_bound() -> None:
    table = Interner(2)
    assert [table.number_of(text) for text in (b"a", b"b", b"c", b"a")] == [0, 1, -1, 0]
    words = find_words(b"a\nc\n")
    assert table.number(words.hashes(words.starts, words.ends), lambda _: b"?").tolist() == [0, -1]


def test_an_empty_table() -> None:
    assert Interner().number(np.empty(0, dtype=np.uint64), lambda _: b"").tolist() == []
