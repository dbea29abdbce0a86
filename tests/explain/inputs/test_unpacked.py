import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from hitless.errors import EvidenceError
from hitless.explain.inputs.unpacked import open_unpacked, unpack_start
from hitless.explain.sources.standard_input import peek_start
from tests.explain.standard_inputs import stdin_with

DATA = bytes(range(256)) * 5000


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress, bz2.compress])
def test_pieces_of_any_size(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(pack(DATA))
    with open_unpacked(str(path)) as stream:
        assert stream.read(10) == DATA[:10]
        assert stream.read(1_000_000) == DATA[10:1_000_010]
        assert stream.read(1 << 30) == DATA[1_000_010:]
        assert stream.read(10) == b""
        assert stream.damage == ""


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress, bz2.compress])
def test_standard_input(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    with stdin_with(pack(DATA), tmp_path):
        assert unpack_start(peek_start()).read(10) == DATA[:10]
        with open_unpacked("-") as stream:
            assert stream.read(1 << 30) == DATA


def test_what_is_before_the_damage_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(gzip.compress(DATA)[:-4] + b"oops")
    with open_unpacked(str(path)) as stream:
        assert stream.read(1 << 30) in {DATA, DATA[:-1]}, "zlib may make the last byte in the call that fails"
        assert "length" in stream.damage
        with pytest.raises(EOFError):
            stream.read(1)


def test_what_is_not_there() -> None:
    with pytest.raises(EvidenceError, match="cannot be read"), open_unpacked("/nowhere"):
        pass
