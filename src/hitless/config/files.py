"""Read configuration files as HAProxy's -f options name them: files and directories, bounded."""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from hitless.config.tree import ConfigFile, parse
from hitless.errors import ConfigError

__all__ = ["LIMIT_BYTES", "expand_paths", "is_configuration_name", "read_bounded", "read_files"]

LIMIT_BYTES = 64 * 1024 * 1024
"""A 50 000 server configuration is below 10 MB."""


def read_files(paths: Sequence[str], *, limit_bytes: int = LIMIT_BYTES) -> list[ConfigFile]:
    """Return the trees of configuration files in the order in which HAProxy reads them.

    A directory stands for its regular files that end in ".cfg" and do not start with ".", in byte order.
    `limit_bytes` bounds all files together.

    Raises: ConfigError if a path is missing, unreadable, too big, no regular file or a directory without any.
    Source: HAProxy 2.8 src/haproxy.c cfgfiles_expand_directories()
    """
    files = []
    left_bytes = limit_bytes
    for path in expand_paths(paths):
        data = read_bounded(path, left_bytes)
        left_bytes -= len(data)
        files.append(parse(data, filename=path))
    return files


def expand_paths(paths: Sequence[str]) -> Iterator[str]:
    """Yield the files that -f options name, directories expanded (see `read_files`).

    Raises: ConfigError for a directory that cannot be listed or holds no configuration.
    """
    for path in paths:
        if not Path(path).is_dir():
            yield path
            continue
        try:
            names = sorted((entry.name for entry in Path(path).iterdir()), key=os.fsencode)
        except OSError as error:
            raise _unreadable(path, error) from error
        found = False
        for name in names:
            entry = f"{path}/{name}"
            if is_configuration_name(name) and not _is_special(entry):
                found = True
                yield entry
        if not found:
            raise ConfigError(
                f"The directory {path} holds no configuration.",
                hint="HAProxy reads a directory's regular files whose names end in .cfg.",
            )


def is_configuration_name(name: str) -> bool:
    """Return whether HAProxy takes a file of this name from a directory; the first ".cfg" counts: not "a.cfg.cfg"."""
    return not name.startswith(".") and name.find(".cfg") == len(name) - 4 >= 0


def _is_special(path: str) -> bool:
    """Return whether a directory entry exists and is no regular file: HAProxy skips it."""
    try:
        return not stat.S_ISREG(Path(path).stat().st_mode)
    except OSError as error:
        raise _unreadable(path, error) from error


def read_bounded(path: str, limit_bytes: int = LIMIT_BYTES) -> bytes:
    """Return a configuration file's bytes.

    Raises: ConfigError if it is missing, unreadable, too big or no regular file.
    """
    try:
        # O_NONBLOCK: opening a FIFO must not wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            mode = os.fstat(descriptor).st_mode
            if not stat.S_ISREG(mode):
                raise ConfigError(
                    f"{path} is a {_kind(mode)}, not a file.",
                    hint="Name the haproxy.cfg itself; what comes through a pipe must be saved first.",
                )
            data = file.read(limit_bytes + 1)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    if len(data) > limit_bytes:
        raise ConfigError(
            f"{path}: more than {limit_bytes} bytes of configuration.",
            hint="Is it a HAProxy configuration? Name its files one by one with -f.",
        )
    return data


def _kind(mode: int) -> str:
    kinds = {
        stat.S_IFIFO: "pipe",
        stat.S_IFCHR: "device",
        stat.S_IFBLK: "device",
        stat.S_IFSOCK: "socket",
        stat.S_IFDIR: "directory",
    }
    return kinds.get(stat.S_IFMT(mode), "special file")


def _unreadable(path: str, error: OSError | ValueError) -> ConfigError:
    if isinstance(error, FileNotFoundError):
        hint = "Check the path; Debian's configuration is /etc/haproxy/haproxy.cfg."
    elif isinstance(error, PermissionError):
        hint = "Read it as a user who may, or with sudo."
    else:
        hint = "Name a readable haproxy.cfg."
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return ConfigError(f"Cannot read the configuration {path}: {reason}.", hint=hint)
