"""Compressed logs as streams of bytes: bounded in memory whatever they expand to, and ended, not broken, by damage.

Source: RFC 1952 (gzip: members may follow each other), The .xz File Format 1.1.0, RFC 8878 (zstd), each by its magic.
"""

import bz2
import importlib
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any

from hitless.errors import EvidenceError

__all__ = ["BrokenCompression", "compression_of", "decompress"]

_MAGIC = ((b"\x1f\x8b", "gzip"), (b"\xfd7zXZ\x00", "xz"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"BZh", "bzip2"))
_INPUT_BYTES = 256 * 1024
_OUTPUT_BYTES = 1024 * 1024
_SALVAGE_STEPS = (64 * 1024, 1024, 32, 1)
_MOST_XZ_MEMORY_BYTES = 256 * 1024 * 1024


class BrokenCompression(Exception):  # noqa: N818 - it is what the stream is
    """The compressed data is damaged, or ends too early; what came before it is good."""


def compression_of(start: bytes) -> str:
    """Return how a file is compressed whose first bytes these are: "gzip", "xz", "zstd", "bzip2", or ""."""
    return next((name for magic, name in _MAGIC if start.startswith(magic)), "")


def decompress(file: IO[bytes], compression: str) -> Iterator[bytes]:
    """Yield what a compressed file holds, at most a megabyte at a time.

    Raises: BrokenCompression where the data is damaged or ends early; EvidenceError for zstd where no module reads it.
    """
    if compression == "zstd":
        yield from _zstd(file)
        return
    make: dict[str, Callable[[], Any]] = {
        "gzip": _Gzip,
        "xz": lambda: lzma.LZMADecompressor(memlimit=_MOST_XZ_MEMORY_BYTES),
        "bzip2": bz2.BZ2Decompressor,
    }
    yield from _members(file, make[compression])


class _Gzip:
    """zlib's object with the interface of the others: it keeps what it was given and could not take."""

    def __init__(self) -> None:
        self._object = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._object.eof

    @property
    def unused_data(self) -> bytes:
        return self._object.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._object.unconsumed_tail

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        data = self._object.unconsumed_tail + data
        before = self._object.copy()
        try:
            return self._object.decompress(data, max_length)
        except zlib.error as error:
            raise _Damaged(str(error), _salvage(before, data)) from error


class _Damaged(Exception):  # noqa: N818 - as BrokenCompression
    """Damaged data, and what could be taken from before the damage."""

    def __init__(self, why: str, output: bytes) -> None:
        super().__init__(why)
        self.output = output


def _salvage(state: "zlib._Decompress", data: bytes) -> bytes:
    """Return what comes before the damage, perhaps without its last byte.

    zlib throws away all that it made in the call that meets the damage.
    """
    output = b""
    for size in _SALVAGE_STEPS:
        while True:
            trial = state.copy()
            try:
                more = trial.decompress(data, size)
            except zlib.error:
                break
            if not more:
                return output
            output, data, state = output + more, trial.unconsumed_tail, trial
    return output


def _members(file: IO[bytes], make: Callable[[], Any]) -> Iterator[bytes]:
    current = make()
    data = file.read(_INPUT_BYTES)
    while True:
        try:
            output = current.decompress(data, _OUTPUT_BYTES)
        except _Damaged as error:
            yield from filter(None, [error.output])
            raise BrokenCompression(str(error)) from error
        except (zlib.error, lzma.LZMAError, OSError, ValueError, EOFError) as error:
            raise BrokenCompression(str(error)) from error
        if output:
            yield output
        if current.eof:
            data = current.unused_data.lstrip(b"\0") or file.read(_INPUT_BYTES)
            if not data:
                return
            current = make()
        elif current.needs_input:
            data = file.read(_INPUT_BYTES)
            if not data:
                raise BrokenCompression("it ends before its end")
        else:
            data = b""


def _zstd(file: IO[bytes]) -> Iterator[bytes]:
    for name in ("compression.zstd", "zstandard"):
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        reader = (
            module.ZstdFile(file)
            if name == "compression.zstd"
            else module.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        )
        yield from _read(reader, getattr(module, "ZstdError", EOFError))
        return
    raise EvidenceError(
        "A log compressed with zstd cannot be read: this Python has no module for it.",
        hint="Install the Python package zstandard, or pipe it: zstdcat FILE | hitless explain -",
    )


def _read(reader: IO[bytes], error_class: type[Exception]) -> Iterator[bytes]:
    while True:
        try:
            output = reader.read(_OUTPUT_BYTES)
        except (error_class, EOFError, OSError) as error:
            raise BrokenCompression(str(error)) from error
        if not output:
            return
        yield output
