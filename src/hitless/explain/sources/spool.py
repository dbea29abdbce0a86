"""A stream that can be read once, kept in a file without a name: a log is looked at more than once."""

import os
import select
import tempfile
import time
from collections.abc import Iterator
from io import BufferedReader

from hitless.errors import EvidenceError
from hitless.explain.sources.files import CHUNK_BYTES, LogFile, open_descriptor
from hitless.explain.sources.standard_input import standard_input

__all__ = ["LIMIT_BYTES", "spool", "spool_stream"]

LIMIT_BYTES = 16 * 1024**3


def spool_stream(number: int, *, limit_bytes: int = LIMIT_BYTES) -> LogFile:
    """Return standard input as a log that can be read anywhere.

    Raises: EvidenceError if it is closed or a terminal, is above the limit, or the disk is full.
    """
    return spool(standard_input(), "stdin", number, limit_bytes=limit_bytes)


def spool(
    stream: BufferedReader,
    name: str,
    number: int,
    *,
    limit_bytes: int = LIMIT_BYTES,
    deadline: float | None = None,
) -> LogFile:
    """Return a stream as a log; the file goes with its descriptor. `deadline` is of time.monotonic().

    Raises: EvidenceError above the limit, after the deadline, or if it cannot be written.
    """
    try:
        file = tempfile.TemporaryFile(prefix="hitless-", dir=_directory())  # noqa: SIM115 - the log owns it
    except OSError as error:
        raise _not_kept(name, error) from error
    try:
        for data in _chunks(stream, name, limit_bytes, deadline):
            file.write(data)
        file.flush()
        return open_descriptor(file, name, number)
    except OSError as error:
        file.close()
        raise _not_kept(name, error) from error
    except BaseException:
        file.close()
        raise


def _chunks(stream: BufferedReader, name: str, limit_bytes: int, deadline: float | None) -> Iterator[bytes]:
    size_bytes = 0
    while True:
        if deadline is not None:
            left_s = deadline - time.monotonic()
            if left_s <= 0 or not select.select([stream], [], [], left_s)[0]:
                raise EvidenceError(f"{name} did not come to its end in time.")
        data = stream.read1(CHUNK_BYTES)
        if not data:
            return
        size_bytes += len(data)
        if size_bytes > limit_bytes:
            raise EvidenceError(
                f"{name} is longer than {limit_bytes} bytes.",
                hint="Save it as a file, which can be of any size, and name that.",
            )
        yield data


def _not_kept(name: str, error: OSError) -> EvidenceError:
    return EvidenceError(
        f"{name} cannot be kept: {error.strerror}.", hint="Is the disk full? TMPDIR says where."
    )


def _directory() -> str:
    """Return where a large file may be: /tmp is often memory."""
    return os.environ.get("TMPDIR") or "/var/tmp"  # noqa: S108 - made by mkstemp without a name
