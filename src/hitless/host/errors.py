"""What can go wrong when a host is looked at, and the one place that turns the kernel's errors into it."""

import contextlib
import errno
import os
from collections.abc import Iterator

from hitless.errors import HitlessError

__all__ = ["Denied", "Gone", "HostError", "Unsupported", "translated", "translated_of"]


class HostError(HitlessError):
    """Something of the host could not be read."""


class Gone(HostError):  # noqa: N818 - a process that ended is news, not always an error
    """The process has ended, the file is not there (or neither ever was)."""


class Denied(HostError):  # noqa: N818 - as above
    """It is there and we have no right to look."""


class Unsupported(HostError):  # noqa: N818 - as above
    """The kernel does not have what it takes, or a sandbox does not let us use it."""


@contextlib.contextmanager
def translated(gone: str, denied: str) -> Iterator[None]:
    """Turn the kernel's errors within into ours; `gone` and `denied` begin their messages.

    Raises: Gone, Denied, Unsupported, HostError for any other error.
    """
    try:
        yield
    except PermissionError as error:
        raise Denied(f"{denied}: {error.strerror}") from error
    except (FileNotFoundError, NotADirectoryError, ProcessLookupError) as error:
        raise Gone(gone) from error
    except OSError as error:
        kind = Unsupported if error.errno in {errno.ENOSYS, errno.EOPNOTSUPP} else HostError
        raise kind(f"{denied}: {error.strerror or os.strerror(error.errno or 0)}") from error
    except ValueError as error:  # a path that no kernel can be given: a NUL byte, a lone surrogate
        raise HostError(f"{denied}: {error}") from error


def translated_of(pid: int) -> contextlib.AbstractContextManager[None]:
    """Turn the kernel's errors about a process into ours, as `translated` does."""
    return translated(f"process {pid} is gone", f"process {pid} does not let us look")
