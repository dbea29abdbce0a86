"""The few files that are kept about one instance: read bounded, written whole or not at all, private."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

import msgspec

from hitless.records import Record
from hitless.state import open_private_directory
from hitless.store import ChangeError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["InstanceFiles"]

_LIMIT_BYTES = 128 * 1024 * 1024
_MODE = 0o600
_WRITER = re.compile(r"\.([0-9]+)-[0-9a-f]{12}$")
_R = TypeVar("_R", bound=Record)


class InstanceFiles:
    """A private directory, by its descriptor: names in it cannot be led elsewhere. A context manager.

    Raises: ChangeError if the directory cannot be made, or if others may write in it.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        os.close(open_private_directory(str(Path(path).parent)))
        self._directory = open_private_directory(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._directory)

    def open_lock(self) -> int:
        """Return a descriptor of the lock file. Raises: ChangeError."""
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        with self._explained("lock"):
            return os.open("lock", flags, _MODE, dir_fd=self._directory)

    def names(self) -> list[str]:
        """Return the names in the directory. Raises: ChangeError."""
        with self._explained(""):
            return os.listdir(self._directory)  # noqa: PTH208 - pathlib knows no descriptors

    def read_bytes(self, name: str) -> bytes | None:
        """Return a file's bytes, None without it. Raises: ChangeError."""
        with self._explained(name):
            try:
                descriptor = os.open(
                    name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=self._directory
                )
            except FileNotFoundError:
                return None
            with os.fdopen(descriptor, "rb") as file:
                return file.read(_LIMIT_BYTES)

    def read(self, name: str, kind: type[_R]) -> _R | None:
        """Return the record that a file holds; None without it, or where it is of another version.

        Raises: ChangeError.
        """
        data = self.read_bytes(name)
        if data is None:
            return None
        try:
            return msgspec.json.decode(data, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None

    def write_bytes(self, name: str, data: bytes) -> None:
        """Write a file, synced, whole or not at all. Raises: ChangeError."""
        waiting = f".{name}.{os.getpid()}-{secrets.token_hex(6)}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with self._explained(name):
            try:
                with os.fdopen(os.open(waiting, flags, _MODE, dir_fd=self._directory), "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                os.rename(waiting, name, src_dir_fd=self._directory, dst_dir_fd=self._directory)
                os.fsync(self._directory)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(waiting, dir_fd=self._directory)
                raise

    def write(self, name: str, record: Record) -> None:
        """Write a record as JSON. Raises: ChangeError."""
        self.write_bytes(name, msgspec.json.encode(record))

    def remove(self, name: str) -> None:
        """Remove a file, if it is there. Raises: ChangeError."""
        with self._explained(name), contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._directory)
            os.fsync(self._directory)

    def sweep(self) -> None:
        """Remove what a writer that was killed has left half written; who waits for the lock may be writing."""
        for name in self.names():
            writer = _WRITER.search(name)
            if name.startswith(".") and not (writer and Path("/proc", writer[1]).exists()):
                self.remove(name)

    @contextlib.contextmanager
    def _explained(self, name: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ChangeError(
                f"{self.path}/{name} cannot be used: {error.strerror or error}.",
                hint="Run hitless as the user who owns it, or name another place with --state-dir.",
            ) from error
