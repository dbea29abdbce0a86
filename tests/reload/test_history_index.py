"""The index alone; what it answers is compared with the receipts themselves in test_history.py."""

import os
import sqlite3
from pathlib import Path

import pytest

from hitless.reload.history_index import INDEX_NAME, IndexUnusable, discard_index, search_index
from hitless.reload.history_query import Query
from hitless.reload.receipt_files import ReceiptFiles
from hitless.reload.receipts import append_receipt
from tests.reload.made_receipts import make_receipt


@pytest.fixture
def store(tmp_path: Path) -> Path:
    place = tmp_path / "receipts"
    for number in range(5):
        append_receipt(str(place), make_receipt(number))
    return place


def offsets(store: Path, query: Query) -> list[int]:
    with ReceiptFiles(str(store)) as files:
        return [hit.offset for hit in search_index(files, query).receipts]


def inode(store: Path) -> int:
    return (store / INDEX_NAME).stat().st_ino


def test_it_is_made_private_and_kept(store: Path) -> None:
    assert len(offsets(store, Query())) == 5
    assert (store / INDEX_NAME).stat().st_mode & 0o777 == 0o600
    first = inode(store)
    append_receipt(str(store), make_receipt(5))
    assert len(offsets(store, Query())) == 6
    assert inode(store) == first


def test_a_limit_says_that_there_are_more(store: Path) -> None:
    with ReceiptFiles(str(store)) as files:
        few, all_of_them = search_index(files, Query(limit=4)), search_index(files, Query(limit=5))
    assert (len(few.receipts), few.more) == (4, True)
    assert (len(all_of_them.receipts), all_of_them.more) == (5, False)


def test_another_version_is_made_again(store: Path) -> None:
    offsets(store, Query())
    with sqlite3.connect(store / INDEX_NAME) as database:
        database.execute("DELETE FROM receipts")
        database.execute("PRAGMA user_version = 99")
    database.close()
    assert len(offsets(store, Query())) == 5


@pytest.mark.parametrize("content", [b"", b"not a database" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_what_is_no_database_is_made_again(store: Path, content: bytes) -> None:
    (store / INDEX_NAME).write_bytes(content)
    assert len(offsets(store, Query())) == 5


def test_tables_that_are_not_ours_are_made_again(store: Path) -> None:
    offsets(store, Query())
    with sqlite3.connect(store / INDEX_NAME) as database:
        database.execute("DROP TABLE receipts")
        database.execute("CREATE VIEW receipts AS SELECT 1")
    database.close()
    assert len(offsets(store, Query())) == 5


def test_a_link_in_its_place_is_not_followed(store: Path, tmp_path: Path) -> None:
    (store / INDEX_NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(IndexUnusable):
        offsets(store, Query())
    assert not (tmp_path / "elsewhere").exists()


def test_none_is_made_where_others_can_write(store: Path) -> None:
    store.chmod(0o770)
    with pytest.raises(IndexUnusable, match="not ours to make"):
        offsets(store, Query())
    assert not (store / INDEX_NAME).exists()
    with ReceiptFiles(str(store)) as files:
        discard_index(files)


def test_one_that_fits_serves_where_it_cannot_be_written(store: Path) -> None:
    offsets(store, Query())
    store.chmod(0o770)
    assert len(offsets(store, Query())) == 5
    store.chmod(0o700)
    append_receipt(str(store), make_receipt(5))
    store.chmod(0o770)
    with pytest.raises(IndexUnusable, match="behind"):
        offsets(store, Query())


def test_one_that_is_locked_is_not_waited_for_long(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hitless.reload.history_index._BUSY_S", 0.05)
    offsets(store, Query())
    append_receipt(str(store), make_receipt(5))
    other = sqlite3.connect(store / INDEX_NAME, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(IndexUnusable, match="locked"):
            offsets(store, Query())
    finally:
        other.close()
    assert len(offsets(store, Query())) == 6


def test_a_file_that_is_gone_is_forgotten(store: Path) -> None:
    append_receipt(str(store), make_receipt(started_at="2026-12-01T00:00:00Z"))
    assert len(offsets(store, Query())) == 6
    (store / "receipts-2026-11.jsonl").unlink()
    assert offsets(store, Query()) == [0]


def test_a_file_that_was_put_back_is_looked_at_anew(store: Path) -> None:
    path = store / "receipts-2026-11.jsonl"
    older = path.read_bytes()
    append_receipt(str(store), make_receipt(5))
    assert len(offsets(store, Query())) == 6
    path.write_bytes(older)
    assert len(offsets(store, Query())) == 5
    path.unlink()
    path.write_bytes(older)
    os.utime(path, ns=(0, 0))
    assert len(offsets(store, Query())) == 5


def test_without_receipts_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(IndexUnusable, match="no receipts"):
        offsets(tmp_path / "nowhere", Query())
