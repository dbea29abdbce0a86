"""Read what stands where the receiver's files go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.store import read_bytes, real_path

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["read_existing"]


def read_existing(directory: str, paths: Iterable[str]) -> dict[str, str | None]:
    """Return the texts by path, None where there is no file. Raises: ChangeError for what cannot be read."""
    found = {path: read_bytes(real_path(directory.rstrip("/") + path)) for path in paths}
    return {
        path: None if data is None else data.decode("utf-8", "surrogateescape")
        for path, data in found.items()
    }
