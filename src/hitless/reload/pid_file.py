"""The pid file of a classic HAProxy: a start that fails may have put its own number there (seen on 2.2 to 3.2)."""

from __future__ import annotations

from pathlib import Path

from hitless.store import ChangeError, put_in_place, read_bytes, stage

__all__ = ["KeptPidFile"]


class KeptPidFile:
    """Remembers what a pid file says now. `path` "" stands for none, and so does one that is no file to be read."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._before: bytes | None = None
        try:
            self._before = read_bytes(path) if path else None
        except ChangeError:
            self._path = ""

    def restore(self) -> str:
        """Put it back as it was, if it has changed; return what went wrong, or ""."""
        if not self._path:
            return ""
        try:
            now = read_bytes(self._path)
            if now == self._before:
                return ""
            if self._before is None:
                Path(self._path).unlink(missing_ok=True)
            else:
                put_in_place(stage(self._path, self._before))
        except ChangeError as error:
            return f"the pid file could not be put back: {error.message}"
        except OSError as error:
            return f"the pid file {self._path} could not be removed: {error.strerror}"
        return ""
