"""Standard input of a test: a file in the place of what pytest leaves there."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def stdin_with(data: bytes, directory: Path) -> Iterator[None]:
    path = directory / "standard-input"
    path.write_bytes(data)
    with pytest.MonkeyPatch.context() as patch, io.TextIOWrapper(path.open("rb")) as stream:
        patch.setattr("sys.stdin", stream)
        yield
