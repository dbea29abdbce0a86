import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.errors import EvidenceError
from hitless.reload import receipt_files
from hitless.reload.receipt_files import Line, ReceiptFiles, Unreadable, file_name, file_rank, newest_first
from hitless.reload.receipt_line import LINE_LIMIT_BYTES, encode_line
from tests.reload.made_receipts import make_receipt

NAME = "receipts-2026-11.jsonl"


def test_files_are_in_the_order_of_time(tmp_path: Path) -> None:
    names = [
        file_name("2026-11", 0),
        file_name("2026-11", 1),
        file_name("2026-12", 0),
        file_name("2027-01", 0),
    ]
    for name in (*names, "index.sqlite", "receipts-2026-11.jsonl.bak", "receipts-٢٠٢٦-11.jsonl"):
        (tmp_path / name).write_bytes(b"")
    with ReceiptFiles(str(tmp_path)) as files:
        assert files.directory is not None
        assert newest_first(files.directory) == files.names == names[::-1]
    assert file_rank("index.sqlite") is None


def test_a_directory_that_is_missing_has_none(tmp_path: Path) -> None:
    with ReceiptFiles(str(tmp_path / "nowhere")) as files:
        assert (files.directory, files.names, list(files.receipts())) == (None, [], [])


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / NAME)
    with pytest.raises(EvidenceError, match="no regular file"):
        ReceiptFiles(str(tmp_path))
    (tmp_path / NAME).unlink()
    (tmp_path / NAME).symlink_to("/etc/passwd")
    with pytest.raises(EvidenceError, match="cannot be read"):
        ReceiptFiles(str(tmp_path))
    with pytest.raises(EvidenceError, match="cannot be read"):
        ReceiptFiles(str(tmp_path / NAME))


@given(
    data=st.lists(st.binary(max_size=30).filter(lambda b: b"\n" not in b)),
    whole=st.booleans(),
    block=st.integers(1, 9),
)
def test_lines_come_backwards_with_their_places(
    tmp_path_factory: pytest.TempPathFactory, data: list[bytes], *, whole: bool, block: int
) -> None:
    content = b"".join(line + b"\n" for line in data)
    content = content if whole else content[:-1]
    directory = tmp_path_factory.mktemp("lines")
    (directory / NAME).write_bytes(content)
    with pytest.MonkeyPatch.context() as patch, ReceiptFiles(str(directory)) as files:
        patch.setattr(receipt_files, "_BLOCK_BYTES", block)
        lines = list(files.lines(NAME, 0, len(content)))
    assert [line.data for line in lines] == [line for line in content.split(b"\n") if line][::-1]
    for line in lines:
        end = line.offset + len(line.data)
        assert content[line.offset : end] == line.data
        assert line.whole == (content[end : end + 1] == b"\n")


def test_a_part_can_be_read(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"one\ntwo\nthree\n")
    with ReceiptFiles(str(tmp_path)) as files:
        assert list(files.lines(NAME, 4, 14)) == [Line(8, b"three", whole=True), Line(4, b"two", whole=True)]


def test_a_line_without_end_takes_no_memory_and_spoils_no_other(tmp_path: Path) -> None:
    first, last = encode_line(make_receipt(1)), encode_line(make_receipt(2))
    (tmp_path / NAME).write_bytes(first + b"x" * (3 * LINE_LIMIT_BYTES) + b"\n" + last)
    with ReceiptFiles(str(tmp_path)) as files:
        lines = list(files.lines(NAME, 0, files.state(NAME).size_bytes))
        found = list(files.receipts())
    assert [line.offset for line in lines] == [len(first) + 3 * LINE_LIMIT_BYTES + 1, len(first), 0]
    assert len(lines[1].data) < 2 * LINE_LIMIT_BYTES
    assert found[0] == make_receipt(2)
    assert found[1] == Unreadable(NAME, len(first), "longer than a receipt can be")
    assert found[2] == make_receipt(1)


def test_a_torn_line_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(encode_line(make_receipt(1)) + encode_line(make_receipt(2))[:-10])
    with ReceiptFiles(str(tmp_path)) as files:
        torn, receipt = files.receipts()
    assert isinstance(torn, Unreadable)
    assert "torn" in str(torn)
    assert str(torn).startswith(f"{NAME}, byte ")
    assert receipt == make_receipt(1)
