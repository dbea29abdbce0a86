"""Find and read the project file: `.hitless.toml` here or above, up to the repository's root."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hitless.audit.policy import Policy
from hitless.audit.project import parse_project
from hitless.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FILE_NAME", "find_project_file", "read_project_file"]

FILE_NAME = ".hitless.toml"
_LARGEST_BYTES = 1_000_000


def find_project_file(start: Path) -> Path | None:
    """Return the nearest project file from `start` upwards; the search ends at a repository's root."""
    for directory in (start, *start.parents):
        candidate = directory / FILE_NAME
        if candidate.is_file():
            return candidate
        if (directory / ".git").exists():
            return None
    return None


def read_project_file(given: str | None, names: Mapping[str, str]) -> Policy:
    """Return the decisions of the project file that was named, or else found; none: no decisions.

    Raises: UsageError if it cannot be read or used.
    """
    path = Path(given) if given is not None else find_project_file(Path.cwd())
    if path is None:
        return Policy()
    try:
        if not path.is_file():
            raise UsageError(f"{path} is no file.", hint="--project names a project file (docs/audit.md).")
        with path.open("rb") as file:
            data = file.read(_LARGEST_BYTES + 1)
        text = data.decode("utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise UsageError(f"{path} is not UTF-8, as TOML must be.") from error
    if len(data) > _LARGEST_BYTES:
        raise UsageError(f"{path} is larger than {_LARGEST_BYTES} bytes: it is no project file.")
    return parse_project(text, str(path), names)
