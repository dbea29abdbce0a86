"""Rows go in one by one and come out as an array."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from hitless.attempts import FLAG_REUSED, HEADER_SIZE, NO_ATTEMPT, ROW, read_attempts
from hitless.errors import LoadError
from hitless.load.table import ROWS_AHEAD, AttemptTable, attempts_name


@pytest.fixture
def directory_fd(tmp_path: Path) -> Iterator[int]:
    fd = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    yield fd
    os.close(fd)


def add(table: AttemptTable, outcome: int = 0, stream: int = 1) -> int:
    return table.add(
        stream, outcome, FLAG_REUSED, 200, 40_000, 104, 7, 3, 10, 11, 12, 13, 14, 9, NO_ATTEMPT, 99
    )


def test_rows_are_read_back_as_written(tmp_path: Path, directory_fd: int) -> None:
    with AttemptTable(directory_fd, process=2, capacity=100) as table:
        assert [add(table), add(table, outcome=5)] == [0, 1]
        assert (table.rows, table.failed, table.lost) == (2, 1, 0)
    rows = read_attempts(tmp_path / attempts_name(2))
    assert len(rows) == 2
    expected = {
        "stream": 1,
        "outcome": 5,
        "flags": FLAG_REUSED,
        "status": 200,
        "local_port": 40_000,
        "errno": 104,
    }
    expected |= {"process": 2, "connection": 7, "request_number": 3, "intended_ns": 10, "start_ns": 11}
    expected |= {
        "connected_ns": 12,
        "first_byte_ns": 13,
        "end_ns": 14,
        "opened_ns": 9,
        "retry_of": NO_ATTEMPT,
    }
    expected |= {"received_bytes": 99, "pad": 0}
    assert {name: int(rows[1][name]) for name in rows.dtype.names or ()} == expected


def test_a_reader_sees_what_was_published(tmp_path: Path, directory_fd: int) -> None:
    with AttemptTable(directory_fd, process=0, capacity=100) as table:
        add(table)
        assert len(read_attempts(tmp_path / attempts_name(0))) == 0
        table.publish()
        assert len(read_attempts(tmp_path / attempts_name(0))) == 1


def test_a_full_table_counts_what_it_cannot_hold(tmp_path: Path, directory_fd: int) -> None:
    with AttemptTable(directory_fd, process=0, capacity=3) as table:
        for _ in range(5):
            add(table)
        assert (table.rows, table.lost) == (3, 2)
    assert len(read_attempts(tmp_path / attempts_name(0))) == 3


def test_disk_is_taken_as_rows_come_and_given_back_at_the_end(tmp_path: Path, directory_fd: int) -> None:
    path = tmp_path / attempts_name(0)
    with AttemptTable(directory_fd, process=0, capacity=2_000_000) as table:
        for _ in range(ROWS_AHEAD + 1):
            add(table)
        assert path.stat().st_blocks * 512 < 4 * ROWS_AHEAD * ROW.size
    assert path.stat().st_size == HEADER_SIZE + (ROWS_AHEAD + 1) * ROW.size


def test_the_file_is_private_and_must_be_new(tmp_path: Path, directory_fd: int) -> None:
    (tmp_path / attempts_name(1)).symlink_to(tmp_path / "elsewhere")
    with AttemptTable(directory_fd, process=0, capacity=10):
        assert stat.S_IMODE((tmp_path / attempts_name(0)).stat().st_mode) == 0o600
    for process in (0, 1):
        with pytest.raises(LoadError, match="table of attempts"):
            AttemptTable(directory_fd, process=process, capacity=10)
    assert not (tmp_path / "elsewhere").exists()
