"""An index of the receipts in SQLite: where the lines are, and what a query looks at. Nothing is known from it alone.

It is derived from the files of receipts, and made again whenever it does not fit them. Only the history writes it: a
reload has no business with it.
"""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from hitless.reload.history_query import Query, traits
from hitless.reload.receipt_files import MOST_UNREADABLE, FileState, ReceiptFiles, Unreadable, file_rank
from hitless.reload.receipt_line import LINE_LIMIT_BYTES
from hitless.state import is_private

__all__ = ["INDEX_NAME", "Hit", "Hits", "IndexUnusable", "discard_index", "search_index"]

INDEX_NAME = "index.sqlite"
_VERSION = 1
"""Of the tables below, and of what `traits` makes of a receipt."""
_TABLES = {
    "files": "name TEXT PRIMARY KEY, inode TEXT, size INTEGER, changed_ns INTEGER, end INTEGER",
    "receipts": "rank INTEGER, offset INTEGER, length INTEGER, id TEXT, started_s REAL, instance TEXT, outcome TEXT, "
    "users TEXT, pids TEXT, text TEXT, PRIMARY KEY (rank, offset)",
    "unreadable": "rank INTEGER, offset INTEGER, name TEXT, why TEXT, PRIMARY KEY (rank, offset)",
}
_BUSY_S = 2.0
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
"""The last is of tables that are not ours."""


class IndexUnusable(Exception):  # noqa: N818 - no error: the receipts are read one by one then
    """There is no index that fits the files, and none can be made here."""


class Hit(NamedTuple):
    """Where a receipt is."""

    id: str
    file: str
    offset: int
    length: int


class Hits(NamedTuple):
    """What the index says: where the receipts are, whether there are further ones, which lines are none."""

    receipts: list[Hit]
    more: bool
    unreadable: list[Unreadable]


def search_index(files: ReceiptFiles, query: Query) -> Hits:
    """Bring the index up to date, where that is allowed, and ask it. One that is damaged is made again.

    Raises: IndexUnusable
    """
    if files.directory is None:
        raise IndexUnusable("there are no receipts")
    writable = is_private(files.directory)
    try:
        try:
            return _search(files, query, writable=writable)
        except (sqlite3.DatabaseError, ValueError, TypeError) as error:
            # What is no text or no number where there should be one has no code: it is damage as well.
            if (
                not writable
                or getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF not in _DAMAGE
            ):
                raise
            discard_index(files)
            return _search(files, query, writable=writable)
    except FileNotFoundError:
        raise IndexUnusable("there is no index, and it is not ours to make") from None
    except (sqlite3.Error, OSError, ValueError, TypeError) as error:
        raise IndexUnusable(f"the index cannot be used: {error}") from error


def discard_index(files: ReceiptFiles) -> None:
    """Remove an index that is wrong, if it is ours and can be removed."""
    if files.directory is not None and is_private(files.directory):
        for name in (INDEX_NAME, f"{INDEX_NAME}-journal"):
            with suppress(OSError):
                os.unlink(name, dir_fd=files.directory)


def _search(files: ReceiptFiles, query: Query, *, writable: bool) -> Hits:
    with _connect(files, writable=writable) as database:
        if _stale(database, files):
            if not writable:
                raise IndexUnusable("the index is behind, and not ours to write")
            with _transaction(database):
                for name in _stale(database, files):
                    _index(database, files, name)
        return _ask(database, files, query)


@contextmanager
def _connect(files: ReceiptFiles, *, writable: bool) -> Iterator[sqlite3.Connection]:
    assert files.directory is not None
    flags = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    flags |= os.O_RDWR | os.O_CREAT if writable else os.O_RDONLY
    # SQLite gives its journal the mode of the database, and would follow a link.
    mode = 0o600 | (os.fstat(files.directory).st_mode & stat.S_IRGRP)
    descriptor = os.open(INDEX_NAME, flags, mode, dir_fd=files.directory)
    status = os.fstat(descriptor)
    os.close(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_uid not in {0, os.geteuid()}:
        raise IndexUnusable("the index is somebody else's")
    uri = f"{Path(files.path, INDEX_NAME).absolute().as_uri()}?mode={'rw' if writable else 'ro'}"
    with closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_S, isolation_level=None)) as database:
        database.execute("PRAGMA trusted_schema = OFF")
        database.execute("PRAGMA cell_size_check = ON")
        if _version(database) != _VERSION:
            if not writable:
                raise IndexUnusable("the index is another version's")
            _make_tables(database)
        yield database


@contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def _version(database: sqlite3.Connection) -> int:
    version: int = database.execute("PRAGMA user_version").fetchone()[0]
    return version


def _make_tables(database: sqlite3.Connection) -> None:
    with _transaction(database):
        if _version(database) == _VERSION:  # another process was quicker
            return
        for table, columns in _TABLES.items():
            database.execute(f"DROP TABLE IF EXISTS {table}")
            database.execute(f"CREATE TABLE {table} ({columns}) WITHOUT ROWID")
        database.execute(f"PRAGMA user_version = {_VERSION}")


def _stale(database: sqlite3.Connection, files: ReceiptFiles) -> list[str]:
    """Return the files that are not, or not wholly, in the index; those that are gone, too."""
    known = {
        name: FileState(int(inode), size, changed_ns)
        for name, inode, size, changed_ns in database.execute(
            "SELECT name, inode, size, changed_ns FROM files"
        )
    }
    changed = [name for name in files.names if not _covers(known.get(name), files.state(name))]
    return changed + [name for name in known if name not in files.names]


def _covers(known: FileState | None, now: FileState) -> bool:
    """Whether the index has all that is in the file, or more: another process may have looked after us."""
    if known is None or known.inode != now.inode:
        return False
    return known == now or (known.size_bytes > now.size_bytes and known.changed_ns > now.changed_ns)


def _index(database: sqlite3.Connection, files: ReceiptFiles, name: str) -> None:
    """Take in what has come to a file, all of it if it is another one or was cut, and forget one that is gone."""
    rank, gone = file_rank(name), name not in files.names
    start = 0 if gone else _known_end(database, files, name)
    for table in ("receipts", "unreadable"):
        database.execute(f"DELETE FROM {table} WHERE rank = ? AND offset >= ?", (rank, start))  # noqa: S608 - our names
    if gone:
        database.execute("DELETE FROM files WHERE name = ?", (name,))
        return
    state = files.state(name)
    end = state.size_bytes
    for line in files.lines(name, start, end):
        found = files.read(name, line)
        if isinstance(found, Unreadable):
            database.execute(
                "INSERT INTO unreadable VALUES (?, ?, ?, ?)", (rank, line.offset, name, found.why)
            )
            # What has no end yet is looked at again when it has one.
            end = end if line.whole else line.offset
        else:
            row = (rank, line.offset, len(line.data), *traits(found))
            database.execute(f"INSERT INTO receipts VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608 - marks
    database.execute("REPLACE INTO files VALUES (?, ?, ?, ?, ?)", (name, str(state.inode), *state[1:], end))


def _known_end(database: sqlite3.Connection, files: ReceiptFiles, name: str) -> int:
    row = database.execute("SELECT inode, end FROM files WHERE name = ?", (name,)).fetchone()
    state = files.state(name)
    return int(row[1]) if row and int(row[0]) == state.inode and row[1] <= state.size_bytes else 0


def _ask(database: sqlite3.Connection, files: ReceiptFiles, query: Query) -> Hits:
    conditions, values = _conditions(query)
    where = f"WHERE {' AND '.join(conditions)} " if conditions else ""
    rows = database.execute(
        f"SELECT id, rank, offset, length FROM receipts {where}ORDER BY rank DESC, offset DESC LIMIT ?",  # noqa: S608 - ours
        (*values, query.limit + 1 if query.limit else -1),
    ).fetchall()
    names = {file_rank(name): name for name in files.names}
    bad = database.execute(
        "SELECT name, offset, why FROM unreadable ORDER BY rank DESC, offset DESC LIMIT ?",
        (MOST_UNREADABLE,),
    )
    hits = [
        Hit(receipt_id, names.get(rank, ""), int(offset), min(int(length), LINE_LIMIT_BYTES))
        for receipt_id, rank, offset, length in rows
    ]
    wanted = hits[: query.limit] if query.limit else hits
    return Hits(wanted, len(wanted) < len(hits), [Unreadable(*row) for row in bad])


def _conditions(query: Query) -> tuple[list[str], list[object]]:
    """Return what `history_query.matches` says, in SQL, without LIKE: that knows capitals of ASCII alone."""
    asked: list[tuple[str, list[object]]] = []
    if query.since_s is not None:
        asked.append(("started_s >= ?", [query.since_s]))
    if query.until_s is not None:
        asked.append(("started_s <= ?", [query.until_s]))
    if query.instance:
        asked.append(("instance IN (?, ?)", [query.instance, f"{query.instance}.service"]))
    if query.outcomes:
        asked.append((f"outcome IN ({', '.join('?' * len(query.outcomes))})", list(map(str, query.outcomes))))
    if query.user:
        asked.append(("instr(users, ?)", [f" {query.user} "]))
    if query.pid:
        asked.append(("instr(pids, ?)", [f" {query.pid} "]))
    if query.text:
        asked.append(("instr(text, ?)", [query.text.casefold()]))
    if query.id_begins:
        asked.append(("instr(id, ?) = 1", [query.id_begins]))
    return [condition for condition, _ in asked], [value for _, values in asked for value in values]
