import gzip
import os
from pathlib import Path

import pytest

from hitless.errors import EvidenceError
from hitless.explain.sources import files
from hitless.explain.sources.blocks import SkipCount
from hitless.explain.sources.files import CHUNK_BYTES, LogFile, open_log
from hitless.logged import SkipReason

LINES = [b"line %06d\n" % n for n in range(5000)]
SIZE = len(LINES[0])


def log(tmp_path: Path, data: bytes = b"".join(LINES), name: str = "a.log") -> LogFile:
    path = tmp_path / name
    path.write_bytes(data)
    return open_log(str(path), 3)


def text(file: LogFile, **bounds: int) -> bytes:
    return b"".join(block.data for block in file.blocks(SkipCount(3), **bounds))


def test_a_plain_file_and_parts_of_it(tmp_path: Path) -> None:
    file = log(tmp_path)
    assert (file.number, file.compression, file.is_plain, file.size_bytes) == (3, "", True, SIZE * 5000)
    assert text(file) == b"".join(LINES)
    assert text(file, start=1, end=SIZE * 3) == b"".join(LINES[1:3])
    assert text(file, start=SIZE, end=SIZE + 1) == LINES[1]
    assert text(file, start=SIZE * 5000) == b""
    file.close()


def test_what_is_read_at_once_ends_with_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "CHUNK_BYTES", SIZE * 7 + 5)
    file = log(tmp_path)
    blocks = [(block.offset, block.data) for block in file.blocks(SkipCount(3), start=SIZE)]
    assert blocks[:2] == [(SIZE, b"".join(LINES[1:8])), (SIZE * 8, b"".join(LINES[8:15]))]
    assert b"".join(data for _, data in blocks) == b"".join(LINES[1:])
    file.close()


@pytest.mark.parametrize("cut", [1, SIZE - 1, SIZE, SIZE + 1, SIZE * 2500, SIZE * 4999 + 3])
def test_two_parts_have_each_line_once(tmp_path: Path, cut: int) -> None:
    file = log(tmp_path)
    assert text(file, end=cut) + text(file, start=cut) == b"".join(LINES)
    file.close()


def test_long_files_come_in_blocks(tmp_path: Path) -> None:
    data = b"x" * 99 + b"\n"
    file = log(tmp_path, data * (3 * CHUNK_BYTES // 100))
    blocks = list(file.blocks(SkipCount(3)))
    assert len(blocks) >= 3
    assert b"".join(block.data for block in blocks) == data * (3 * CHUNK_BYTES // 100)
    file.close()


def test_a_compressed_file(tmp_path: Path) -> None:
    file = log(tmp_path, gzip.compress(b"".join(LINES)), "a.log.1.gz")
    assert (file.compression, file.is_plain) == ("gzip", False)
    assert text(file) == text(file, start=5, end=9) == b"".join(LINES)
    file.close()


def test_a_truncated_one_is_read_up_to_there(tmp_path: Path) -> None:
    packed = gzip.compress(b"".join(LINES))
    file = log(tmp_path, packed[:-20])
    skips = SkipCount(3)
    found = b"".join(block.data for block in file.blocks(skips))
    assert b"".join(LINES).startswith(found[:1000])
    assert [s.reason for s in skips.skipped] == [SkipReason.BROKEN_COMPRESSION]
    file.close()


def test_a_file_with_a_hole(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as writer:
        writer.write(LINES[0])
        writer.seek(10**10)
        writer.write(LINES[1])
    file = open_log(str(path), 3)
    skips = SkipCount(3)
    blocks = list(file.blocks(skips))
    assert blocks[0].data.strip(b"\n") == LINES[0].strip()
    assert blocks[-1].data.strip(b"\n") == LINES[1].strip()
    assert sum(len(b.data) for b in blocks) < 10**6
    assert sum(s.size_bytes for s in skips.skipped) == 10**10 - SIZE
    assert file.line_start(5 * 10**9) == 5 * 10**9
    assert file.data_at(5 * 10**9) > 9 * 10**9
    file.close()


def test_a_hole_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    path.write_bytes(LINES[0])
    os.truncate(path, 10**10)
    file = open_log(str(path), 3)
    assert text(file).strip(b"\n") == LINES[0].strip()
    file.close()


@pytest.mark.parametrize("make", ["missing", "directory", "fifo"])
def test_what_is_no_file(tmp_path: Path, make: str) -> None:
    path = tmp_path / "x"
    if make == "directory":
        path.mkdir()
    elif make == "fifo":
        os.mkfifo(path)
    with pytest.raises(EvidenceError):
        open_log(str(path), 0)


def test_a_name_with_a_nul() -> None:
    with pytest.raises(EvidenceError):
        open_log("a\0b", 0)


def test_an_empty_file(tmp_path: Path) -> None:
    file = log(tmp_path, b"")
    assert text(file) == b""
    assert file.line_start(0) == 0
    file.close()
