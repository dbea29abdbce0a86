"""The reloads there were: found through the index where it can be used, by reading the receipts one by one else."""

from dataclasses import dataclass

from hitless.reload.history_index import Hit, IndexUnusable, discard_index, search_index
from hitless.reload.history_query import Query, matches, traits
from hitless.reload.receipt_files import MOST_UNREADABLE, Line, ReceiptFiles, Unreadable
from hitless.reloads import Receipt

__all__ = ["History", "find_receipts"]


@dataclass(frozen=True, slots=True)
class History:
    """What was found, the newest first."""

    receipts: tuple[Receipt, ...] = ()
    more: bool = False
    """Further ones are asked for than the limit lets through."""
    unreadable: tuple[Unreadable, ...] = ()
    """Lines that are no receipt, where what was asked for could have been; at most 100."""
    not_indexed: str = ""
    """Why they were read one by one."""


def find_receipts(directory: str, query: Query) -> History:
    """Return the receipts of a directory that are asked for; none where there is no such directory.

    Raises: EvidenceError if the directory or a file of it cannot be read.
    """
    with ReceiptFiles(directory) as files:
        if not query.selects and query.limit:
            return _read_through(files, query, "")
        try:
            return _by_index(files, query)
        except IndexUnusable as error:
            return _read_through(files, query, str(error))


def _by_index(files: ReceiptFiles, query: Query) -> History:
    hits = search_index(files, query)
    receipts = [_receipt_at(files, hit, query) for hit in hits.receipts]
    return History(tuple(receipts), hits.more, tuple(hits.unreadable))


def _receipt_at(files: ReceiptFiles, hit: Hit, query: Query) -> Receipt:
    """Return the receipt that the index points to. Raises: IndexUnusable if there is another thing there."""
    for line in files.lines(hit.file, hit.offset, hit.offset + hit.length) if hit.file in files.names else ():
        found = files.read(hit.file, Line(hit.offset, line.data, whole=True))
        if isinstance(found, Receipt) and found.id == hit.id and matches(query, traits(found)):
            return found
    discard_index(files)
    raise IndexUnusable("the index was wrong, and is made again the next time")


def _read_through(files: ReceiptFiles, query: Query, why: str) -> History:
    receipts: list[Receipt] = []
    unreadable: list[Unreadable] = []
    for found in files.receipts():
        if isinstance(found, Unreadable):
            unreadable = [*unreadable, found][:MOST_UNREADABLE]
        elif matches(query, traits(found)):
            if query.limit and len(receipts) == query.limit:
                return History(tuple(receipts), True, tuple(unreadable), why)  # noqa: FBT003 - as the fields say
            receipts.append(found)
    return History(tuple(receipts), False, tuple(unreadable), why)  # noqa: FBT003 - as above
