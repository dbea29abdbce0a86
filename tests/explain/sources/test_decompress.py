import bz2
import contextlib
import gzip
import importlib.util
import io
import lzma
import sys
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.errors import EvidenceError
from hitless.explain.sources.decompress import BrokenCompression, compression_of, decompress

TEXT = b"".join(b"line %d of a log\n" % n for n in range(50_000))
COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
}


def unpack(data: bytes) -> bytes:
    return b"".join(decompress(io.BytesIO(data), compression_of(data)))


def collect(parts: Iterable[bytes], found: bytearray) -> None:
    for part in parts:
        found += part


@pytest.mark.parametrize("name", list(COMPRESSORS))
def test_what_was_packed(name: str) -> None:
    packed = COMPRESSORS[name](TEXT)
    assert compression_of(packed) == name
    assert unpack(packed) == TEXT
    assert unpack(packed + COMPRESSORS[name](b"more")) == TEXT + b"more"


@pytest.mark.parametrize("name", list(COMPRESSORS))
def test_what_ends_early_is_good_up_to_there(name: str) -> None:
    packed = COMPRESSORS[name](TEXT)
    found = bytearray()
    parts = decompress(io.BytesIO(packed[: len(packed) // 2]), name)
    with pytest.raises(BrokenCompression):
        collect(parts, found)
    assert TEXT.startswith(bytes(found))
    if name == "gzip":
        assert found


@pytest.mark.parametrize("name", list(COMPRESSORS))
def test_nul_bytes_behind_the_end(name: str) -> None:
    assert unpack(COMPRESSORS[name](b"x") + bytes(100)) == b"x"


def test_a_bomb_comes_in_small_parts() -> None:
    packed = gzip.compress(bytes(50_000_000))
    assert max(len(part) for part in decompress(io.BytesIO(packed), "gzip")) <= 1024 * 1024


@given(st.binary(max_size=200), st.sampled_from(list(COMPRESSORS)))
def test_any_bytes_end_in_good_order(data: bytes, name: str) -> None:
    start = COMPRESSORS[name](b"")[:10]
    with contextlib.suppress(BrokenCompression):
        list(decompress(io.BytesIO(start + data), name))


def test_plain_files() -> None:
    assert compression_of(b"Nov 29") == ""
    assert compression_of(b"") == ""


def test_zstd_says_what_is_missing_or_is_read() -> None:
    packed = bytes.fromhex("28b52ffd045831000068656c6c6f0a5388bd91")
    assert compression_of(packed) == "zstd"
    if importlib.util.find_spec("zstandard") is None and sys.version_info < (3, 14):
        with pytest.raises(EvidenceError) as caught:
            unpack(packed)
        assert "zstandard" in caught.value.hint
    else:
        assert unpack(packed) == b"hello\n"


@pytest.mark.parametrize("at", [-1, -6, -4000])
def test_damaged_gzip_is_good_up_to_the_damage(at: int) -> None:
    packed = bytearray(gzip.compress(TEXT))
    packed[at] ^= 0xFF
    found = bytearray()
    with pytest.raises(BrokenCompression):
        collect(decompress(io.BytesIO(packed), "gzip"), found)
    if at > -9:
        assert bytes(found) in {TEXT, TEXT[:-1]}, "the check sum is behind all of it"
    else:
        assert len(found) > len(TEXT) * 0.9
