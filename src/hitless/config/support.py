"""Which HAProxy version knows which keyword: for auditing without the binary.

Keywords are named as `Binary.keywords` names them ("global hard-stop-after", "bind shards", "option …", "server …",
"listen …" for any proxy section), and "section acme", "address abnsz@" for what has no other form.

Source: HAProxy's src/ and doc/configuration.txt at v1.8.0 to v3.4.0 and v3.5-dev5; `haproxy -c` of 2.2, 2.6, 2.8, 3.0
and 3.2 (tests/system/test_support.py asks them again). A backport to an older branch is not counted: the version is
the first whose .0 release has it, except where `backports` says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["SUPPORT", "Support", "supports"]

_OLDEST = (1, 8)
_NEWEST = (3, 4)


@dataclass(frozen=True, slots=True)
class Support:
    """From which branch on a keyword is known, and in which it is refused again."""

    first: tuple[int, int]
    removed: tuple[int, int] | None = None
    backported: tuple[int, int] | None = None
    """The oldest branch whose later releases have it too: there it depends on the patch level."""


SUPPORT = {
    "global hard-stop-after": Support((1, 8)),
    "global close-spread-time": Support((2, 6), backported=(2, 5)),
    "global grace": Support((2, 5)),
    "global mworker-max-reloads": Support((2, 0)),
    "global strict-limits": Support((2, 1)),
    "global nbproc": Support((1, 8), removed=(2, 5)),
    "global nbthread": Support((1, 8)),
    "global thread-groups": Support((2, 5)),
    "global master-worker": Support((1, 8)),
    "global fd-hard-limit": Support((2, 6)),
    "global cluster-secret": Support((2, 6)),
    "global default-path": Support((2, 4)),
    "global expose-experimental-directives": Support((2, 4)),
    "global httpclient.resolvers.id": Support((2, 6)),
    "global httpclient.resolvers.prefer": Support((2, 6)),
    "global insecure-fork-wanted": Support((2, 2)),
    "global set-dumpable": Support((2, 0)),
    "global busy-polling": Support((1, 9)),
    "global stats-file": Support((3, 0)),
    "global shm-stats-file": Support((3, 3)),
    "global shm-stats-file-max-objects": Support((3, 3)),
    "global tune.listener.multi-queue": Support((2, 0)),
    "global tune.listener.default-shards": Support((2, 8)),
    "global tune.quic.socket-owner": Support((2, 8)),
    "global tune.quic.fe.sock-per-conn": Support((3, 3)),
    "global harden.reject-privileged-ports.tcp": Support((3, 0), backported=(2, 6)),
    "global dns-accept-family": Support((3, 2)),
    "bind expose-fd": Support((1, 8)),
    "bind process": Support((1, 8), removed=(2, 7)),
    "bind thread": Support((2, 5)),
    "bind shards": Support((2, 5)),
    "bind quic-socket": Support((2, 9)),
    "bind default-crt": Support((3, 0)),
    "bind guid-prefix": Support((3, 0)),
    "bind transparent": Support((1, 8)),
    "server init-state": Support((3, 1)),
    "server guid": Support((3, 0)),
    "option idle-close-on-response": Support((2, 6), backported=(2, 4)),
    "listen bind-process": Support((1, 8), removed=(2, 7)),
    "listen grace": Support((1, 8), removed=(2, 5)),
    "listen guid": Support((3, 0)),
    "listen retry-on": Support((2, 0)),
    "section program": Support((2, 0), removed=(3, 3)),
    "section fcgi-app": Support((2, 1)),
    "section http-errors": Support((2, 2)),
    "section ring": Support((2, 2)),
    "section log-forward": Support((2, 3)),
    "section crt-store": Support((3, 0)),
    "section log-profile": Support((3, 1)),
    "section traces": Support((3, 1)),
    "section acme": Support((3, 2)),
    "address sockpair@": Support((1, 9)),
    "address udp@": Support((2, 3)),
    "address quic4@": Support((2, 6)),
    "address rhttp@": Support((2, 9)),
    "address abnsz@": Support((3, 1)),
    "address mptcp@": Support((3, 1)),
}
"""Keywords that decide something about reloads, or end them when a newer HAProxy is installed."""


def supports(keyword: str, version: Sequence[int], known: Sequence[str] | None = None) -> bool | None:
    """Return whether a version knows a keyword; None where that is not known here.

    `known` is what the installed binary lists (`Binary.keywords`): what stands there is supported whatever the table
    says; what does not stand there may be as well, so the table answers.
    """
    support = SUPPORT.get(keyword)
    if known is not None and keyword in known and (support is None or support.removed is None):
        return True
    branch = tuple(version[:2])
    if support is None or len(branch) < 2:
        return None
    if support.removed is not None and branch >= support.removed:
        return False
    if not _OLDEST <= branch <= _NEWEST:
        return None
    if branch < support.first:
        return None if support.backported is not None and branch >= support.backported else False
    return True
