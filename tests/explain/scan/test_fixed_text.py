import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.explain.scan.fixed_text import FixedText, read_text
from hitless.explain.scan.words import find_words


def texts(*lines: bytes, length: int = 24) -> FixedText:
    words = find_words(b"\n".join(lines) + b"\n")
    return read_text(words, words.starts, length)


def test_equal_beginnings_have_equal_keys() -> None:
    keys = texts(b"29/Nov/2026:02:58:11", b"29/Nov/2026:02:58:12", b"29/Nov/2026:02:59:11").keys(17)
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize(
    ("line", "same"),
    [
        (b"Nov 29 02:00:05 vm", True),
        (b"Dec  1 23:59:60 vm", True),
        (b"Nov 29 02:00:05\tvm", False),
        (b"Nov-29 02:00:05 vm", False),
        (b"Nov", False),
        (b"", False),
    ],
)
def test_a_template(line: bytes, *, same: bool) -> None:
    assert texts(line).is_like(b"??? ?? ??:??:?? ").tolist() == [same]


@given(st.lists(st.binary(min_size=8, max_size=20).map(lambda b: b.replace(b"\n", b"x")), min_size=1))
def test_bytes_digits_and_codes(lines: list[bytes]) -> None:
    found = texts(*lines, length=8)
    for at in range(8):
        assert found.byte(at).tolist() == [line[at] for line in lines]
        assert found.digit(at).tolist() == [line[at] - 48 for line in lines]
    letters = b"-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    for length in (2, 4, 8):
        assert found.is_code(length).tolist() == [all(b in letters for b in line[:length]) for line in lines]


def test_some_of_the_lines() -> None:
    found = texts(b"abcdefgh12", b"x", b"ijklmnop34").of(np.array([True, False, True]))
    assert found.byte(9).tolist() == [ord("2"), ord("4")]
