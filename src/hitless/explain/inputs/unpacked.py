"""A file, also a compressed one, as a stream that is read once; of a damaged one what came before the damage."""

from collections.abc import Iterator
from contextlib import contextmanager

from hitless.errors import EvidenceError
from hitless.explain.sources.decompress import BrokenCompression, compression_of, decompress
from hitless.explain.sources.files import CHUNK_BYTES

__all__ = ["Unpacked", "open_unpacked"]

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
    """Open a file, through its decompressor where it has one.

    Raises: EvidenceError if it cannot be opened.
    """
    try:
        file = open(path, "rb")  # noqa: SIM115, PTH123 - closed below
    except OSError as error:
        raise EvidenceError(f"{path} cannot be read: {error.strerror}.") from error
    with file:
        compression = compression_of(file.read(_MAGIC_BYTES))
        file.seek(0)
        plain = iter(lambda: file.read(CHUNK_BYTES), b"")
        yield Unpacked(decompress(file, compression) if compression else plain)
