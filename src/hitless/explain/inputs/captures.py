"""Captures, read for the connections that were hurt, and for what they have in common with logs."""

import bz2
import gzip
import lzma
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO

from hitless.captured import CapturedConnection
from hitless.errors import EvidenceError
from hitless.explain.analysis.captured import CaptureEvidence
from hitless.explain.captures.endpoints import parse_listeners
from hitless.explain.captures.read import CaptureReader
from hitless.explain.sources.decompress import compression_of

__all__ = ["open_capture", "read_captures"]


def read_captures(paths: Sequence[str], listeners: Sequence[str]) -> CaptureEvidence:
    """Return what captures show; several are taken in the order given, as files of one capture.

    Raises: EvidenceError if one cannot be read or is none; UsageError for a listener that is no endpoint.
    """
    reader = CaptureReader(parse_listeners(listeners))
    evidence = CaptureEvidence()
    for path in paths:
        with open_capture(path) as stream:
            for found in reader.read(stream, path):
                evidence.take(found)
    for found in reader.finish():
        if isinstance(found, CapturedConnection) or found.refused:
            evidence.take(found)
    evidence.totals = reader.totals()
    return evidence


@contextmanager
def open_capture(path: str) -> Iterator[IO[bytes]]:
    """Open a capture, through its decompressor where it has one.

    Raises: EvidenceError if it cannot be opened.
    """
    try:
        file = open(path, "rb")  # noqa: SIM115, PTH123 - closed below, with its decompressor
    except OSError as error:
        raise EvidenceError(f"The capture {path} cannot be read: {error.strerror}.") from error
    with file:
        compression = compression_of(file.read(6))
        file.seek(0)
        opened = {"gzip": gzip.open, "xz": lzma.open, "bzip2": bz2.open}.get(compression)
        if compression == "zstd":
            raise EvidenceError(f"{path} is compressed with zstd.", hint=f"Unpack it: zstd -d {path}")
        stream: IO[bytes] = opened(file) if opened is not None else file  # type: ignore[operator]
        with stream:
            yield stream
