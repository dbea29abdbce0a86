"""How many files this process may have open: a proxy's listening sockets are more than the usual thousand."""

import resource
from pathlib import Path

__all__ = ["allow_descriptors"]

_RESERVE = 64
"""What else is opened meanwhile."""


def allow_descriptors(count: int) -> bool:
    """Raise the soft limit so that `count` more files can be opened; return whether they can, as far as limits go."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = sum(1 for _ in Path("/proc/self/fd").iterdir()) + count + _RESERVE
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return True
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most == wanted
