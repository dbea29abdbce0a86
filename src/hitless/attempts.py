"""The table of attempts: every request or connection of every client, one fixed-size row each.

Rows are packed by the load engine into a preallocated, memory-mapped file (no object is kept for an attempt), and
read back as a numpy structured array. `ROW` and `dtype()` describe the same bytes.
"""

from __future__ import annotations

import os
import struct
from typing import IO, TYPE_CHECKING

from hitless.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

__all__ = [
    "FLAG_FIN_SEEN",
    "FLAG_IDEMPOTENT",
    "FLAG_IN_PROGRESS",
    "FLAG_NOT_PROCESSED",
    "FLAG_RESPONSE_BEGUN",
    "FLAG_RETRY",
    "FLAG_REUSED",
    "HEADER",
    "HEADER_SIZE",
    "MAGIC",
    "NO_ATTEMPT",
    "OUTCOMES",
    "OUTCOME_CODES",
    "ROW",
    "combine_attempts",
    "dtype",
    "read_attempts",
    "read_lost",
]

OUTCOMES: tuple[Outcome, ...] = tuple(Outcome)
"""The outcome of a row's `outcome` code, by index. New outcomes are appended, never inserted."""
OUTCOME_CODES = {outcome: code for code, outcome in enumerate(OUTCOMES)}

FLAG_RETRY = 1
"""This row is the retry, on a fresh connection, of the row `retry_of` (it is no naive attempt)."""
FLAG_REUSED = 2
"""The connection had carried an earlier request."""
FLAG_FIN_SEEN = 4
"""The server's FIN or RST lay in the receive queue just before the request was sent: a polite client had seen it."""
FLAG_IDEMPOTENT = 8
"""A retrying client may send it again."""
FLAG_RESPONSE_BEGUN = 16
"""At least one byte of the answer came."""
FLAG_NOT_PROCESSED = 32
"""HTTP/2: the server said by GOAWAY or REFUSED_STREAM that it did not process it."""
FLAG_IN_PROGRESS = 64
"""The run ended while the exchange was going on unharmed (outcome ok)."""
NO_ATTEMPT = 0xFFFF_FFFF

ROW = struct.Struct("<HBBHHHBxII6qII")
"""One row, its fields in the order of `dtype()`; times are 0 where that point was never reached."""

HEADER_SIZE = 4096
"""The first page of an attempts file: `HEADER` and room for live counters."""
HEADER = struct.Struct("<8sIIQQQ")
"""magic, row size, process, rows written, rows that found no room, rows that failed (live counters)."""
MAGIC = b"hitless1"


def dtype() -> np.dtype[np.void]:
    """Return the numpy type of one row."""
    import numpy as np

    return np.dtype(
        [
            ("stream", "<u2"),
            ("outcome", "u1"),
            ("flags", "u1"),
            ("status", "<u2"),
            ("local_port", "<u2"),
            ("errno", "<u2"),
            ("process", "u1"),
            ("pad", "u1"),
            ("connection", "<u4"),
            ("request_number", "<u4"),
            ("intended_ns", "<i8"),
            ("start_ns", "<i8"),
            ("connected_ns", "<i8"),
            ("first_byte_ns", "<i8"),
            ("end_ns", "<i8"),
            ("opened_ns", "<i8"),
            ("retry_of", "<u4"),
            ("received_bytes", "<u4"),
        ]
    )


def read_attempts(path: Path) -> npt.NDArray[np.void]:
    """Return the rows of one process's file, in the order in which they ended.

    Raises: ValueError if the file is no table of attempts, was written with another row size, or is cut short.
    """
    import numpy as np

    with path.open("rb") as file:
        rows, _lost = _read_header(file, path)
        if os.fstat(file.fileno()).st_size < HEADER_SIZE + rows * ROW.size:
            raise ValueError(f"{path.name}: cut short: it does not hold the {rows} attempts that it counts")
        file.seek(HEADER_SIZE)
        return np.fromfile(file, dtype=dtype(), count=rows)


def read_lost(path: Path) -> int:
    """Return how many attempts of one process found no room in its file.

    Raises: ValueError as `read_attempts` does.
    """
    with path.open("rb") as file:
        return _read_header(file, path)[1]


def _read_header(file: IO[bytes], path: Path) -> tuple[int, int]:
    """Return how many rows there are, and how many found no room."""
    header = file.read(HEADER.size)
    if len(header) < HEADER.size:
        raise ValueError(f"{path.name}: no table of attempts")
    magic, row_size, _process, rows, lost, _failed = HEADER.unpack(header)
    if magic != MAGIC or row_size != ROW.size:
        raise ValueError(f"{path.name}: not a table of attempts that this version reads")
    return rows, lost


def combine_attempts(tables: Sequence[npt.NDArray[np.void]]) -> npt.NDArray[np.void]:
    """Return the tables of all processes as one, with `retry_of` pointing into it."""
    import numpy as np

    offset, parts = 0, [np.empty(0, dtype())]
    for table in tables:
        part = table.copy()
        part["retry_of"][part["retry_of"] != NO_ATTEMPT] += offset
        offset += len(part)
        parts.append(part)
    return np.concatenate(parts)
