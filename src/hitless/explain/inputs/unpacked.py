"""A file, also a compressed one, as a stream that is read once; of a damaged one what came before the damage."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, BytesIO

from hitless.errors import EvidenceError
from hitless.explain.sources.decompress import BrokenCompression, compression_of, decompress
from hitless.explain.sources.files import CHUNK_BYTES
from hitless.explain.sources.standard_input import standard_input

__all__ = ["Unpacked", "open_unpacked", "unpack_start"]

_MAGIC_BYTES = 6


class Unpacked:
    """The bytes of a file behind its compression."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._held = bytearray()
        self.damage = ""
        """Why it ends before its end; "" as long as nothing is known to be missing."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes, less only at the end.

        Raises: EOFError behind the last good byte of a damaged file.
        """
        while len(self._held) < size:
            try:
                chunk = next(self._chunks, b"")
            except BrokenCompression as error:
                self.damage = str(error)
                break
            if not chunk:
                break
            self._held += chunk
        if self.damage and not self._held:
            raise EOFError(self.damage)
        data = bytes(self._held[:size])
        del self._held[:size]
        return data


@contextmanager
def open_unpacked(path: str) -> Iterator[Unpacked]:
    """Open a file, through its decompressor where it has one; "-" is standard input, which stays open.

    Raises: EvidenceError if it cannot be opened.
    """
    if path == "-":
        yield _unpack(standard_input())
        return
    try:
        file = open(path, "rb")  # noqa: SIM115, PTH123 - closed below
    except OSError as error:
        raise EvidenceError(f"{path} cannot be read: {error.strerror}.") from error
    with file:
        yield _unpack(file)


def unpack_start(start: bytes) -> Unpacked:
    """Return the beginning of a file, of which these are the first bytes, behind its compression."""
    return _unpack(BufferedReader(BytesIO(start)))


def _unpack(file: BufferedReader) -> Unpacked:
    compression = compression_of(file.peek(_MAGIC_BYTES)[:_MAGIC_BYTES])
    plain = iter(lambda: file.read1(CHUNK_BYTES), b"")
    return Unpacked(decompress(file, compression) if compression else plain)
