"""The files of hitless below /etc: merged line by line, so that a second run changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "FILE_NAME",
    "drop_in_path",
    "merge_drop_in",
    "merge_sysctl",
    "merge_tmpfiles",
    "sysctl_path",
    "tmpfiles_path",
]

FILE_NAME = "90-hitless.conf"
_HEADER = "# Written by `hitless fix`. `hitless fix --undo` takes it back."


def drop_in_path(unit: str) -> str:
    """Return the path of our drop-in of a unit."""
    return f"/etc/systemd/system/{unit}.d/{FILE_NAME}"


def sysctl_path() -> str:
    """Return the path of our kernel settings."""
    return f"/etc/sysctl.d/{FILE_NAME}"


def tmpfiles_path() -> str:
    """Return the path of our temporary directories."""
    return f"/etc/tmpfiles.d/{FILE_NAME}"


def merge_drop_in(text: str | None, section: str, lines: Sequence[str]) -> str:
    """Return a drop-in with these lines in a section; earlier lines of the same settings go."""
    names = {line.partition("=")[0].strip() for line in lines}
    kept: list[str] = []
    current = ""
    place: int | None = None
    for line in (text or f"{_HEADER}\n").splitlines():
        stripped = line.strip()
        if stripped.startswith("[") and stripped.endswith("]"):
            current = stripped[1:-1]
        if current == section and "=" in line and line.partition("=")[0].strip() in names:
            continue
        kept.append(line)
        if current == section and stripped:
            place = len(kept)
    if place is None:
        kept += [f"[{section}]"]
        place = len(kept)
    return "\n".join([*kept[:place], *lines, *kept[place:]]) + "\n"


def merge_sysctl(text: str | None, name: str, value: str) -> str:
    """Return the file with this setting, once."""
    lines = (text or f"{_HEADER}\n").splitlines()
    kept = [line for line in lines if line.partition("=")[0].strip().replace("/", ".") != name]
    return "\n".join([*kept, f"{name} = {value}"]) + "\n"


def merge_tmpfiles(text: str | None, line: str) -> str:
    """Return the file with this line; an earlier one for the same path goes."""
    path = line.split()[1:2]
    lines = (text or f"{_HEADER}\n").splitlines()
    kept = [old for old in lines if old.startswith("#") or old.split()[1:2] != path]
    return "\n".join([*kept, line]) + "\n"
