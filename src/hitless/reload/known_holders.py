"""Who holds listening sockets without serving them: the holder of `hitless hold`, which never accepts a connection."""

from collections.abc import Iterable
from itertools import pairwise

from hitless.host.epoll_sets import read_polled_inodes
from hitless.host.errors import Denied, Gone
from hitless.host.processes import read_command_line

__all__ = ["holders_among"]

_PROGRAM = ("-m", "hitless.hold")


def holders_among(pids: Iterable[int], inodes: frozenset[int]) -> frozenset[int]:
    """Return those of the processes that are holders and wait for connections on none of these sockets.

    One that cannot be looked at is not among them.
    """
    return frozenset(pid for pid in pids if _only_holds(pid, inodes))


def _only_holds(pid: int, inodes: frozenset[int]) -> bool:
    try:
        return _PROGRAM in pairwise(read_command_line(pid)) and not read_polled_inodes(pid) & inodes
    except (Gone, Denied):
        return False
