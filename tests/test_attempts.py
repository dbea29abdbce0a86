from pathlib import Path

import pytest

from hitless import attempts
from hitless.attempts import HEADER, HEADER_SIZE, MAGIC, NO_ATTEMPT, OUTCOMES, ROW, dtype, read_attempts
from hitless.records import Outcome

VALUES = (7, 4, 3, 503, 40_000, 104, 1, 11, 2, 10, 20, 30, 40, 50, 5, NO_ATTEMPT, 99)
NAMES = [name for name in dtype().names or () if name != "pad"]


def write(
    path: Path, rows: bytes, *, magic: bytes = MAGIC, row_size: int = ROW.size, count: int | None = None
) -> Path:
    number = len(rows) // ROW.size if count is None else count
    path.write_bytes(HEADER.pack(magic, row_size, 0, number, 0, 0).ljust(HEADER_SIZE, b"\0") + rows)
    return path


def test_the_packed_row_and_the_numpy_type_are_the_same_bytes(tmp_path: Path) -> None:
    assert ROW.size == dtype().itemsize
    (row,) = read_attempts(write(tmp_path / "a.bin", ROW.pack(*VALUES)))
    assert {name: int(row[name]) for name in NAMES} == dict(zip(NAMES, VALUES, strict=True))


def test_rows_keep_their_order(tmp_path: Path) -> None:
    rows = b"".join(ROW.pack(n, *VALUES[1:]) for n in range(5))
    assert list(read_attempts(write(tmp_path / "a.bin", rows))["stream"]) == [0, 1, 2, 3, 4]


def test_rows_that_were_preallocated_but_not_written_are_left_out(tmp_path: Path) -> None:
    rows = ROW.pack(*VALUES) * 5
    assert len(read_attempts(write(tmp_path / "a.bin", rows, count=2))) == 2


def test_a_file_that_was_cut_off_is_no_evidence(tmp_path: Path) -> None:
    rows = ROW.pack(*VALUES) * 2 + b"half a row"
    with pytest.raises(ValueError, match="cut short"):
        read_attempts(write(tmp_path / "a.bin", rows, count=1000))


@pytest.mark.parametrize("content", [b"", b"short", b"\0" * HEADER_SIZE])
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"table of attempts"):
        read_attempts(path)


def test_a_table_of_another_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="this version"):
        read_attempts(write(tmp_path / "a.bin", ROW.pack(*VALUES), row_size=ROW.size + 8))


def test_outcome_codes_never_move() -> None:
    """Bundles on disk hold them: new outcomes are appended, so this list only grows at its end."""
    assert OUTCOMES[:16] == (
        Outcome.OK,
        Outcome.REFUSED,
        Outcome.CONNECT_RESET,
        Outcome.CONNECT_TIMEOUT,
        Outcome.TLS_FAILED,
        Outcome.RESET_BEFORE_RESPONSE,
        Outcome.EMPTY_REPLY,
        Outcome.STALE_REUSE,
        Outcome.TRUNCATED,
        Outcome.HTTP_5XX,
        Outcome.STREAM_CUT,
        Outcome.GOAWAY_LOST,
        Outcome.SLOW,
        Outcome.HTTP_UNEXPECTED,
        Outcome.PROTOCOL_ERROR,
        Outcome.RESPONSE_TIMEOUT,
    )


def test_flags_are_bits_of_their_own() -> None:
    flags = [value for name, value in vars(attempts).items() if name.startswith("FLAG_")]
    assert len(flags) >= 7
    assert all(0 < flag < 256 and flag.bit_count() == 1 for flag in flags)
    assert len(set(flags)) == len(flags)
