"""The logs that a host has by default: where its syslog daemon writes what HAProxy says, and the usual places."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from hitless.errors import EvidenceError
from hitless.explain.sources.log_set import with_rotated

__all__ = ["find_logs", "named_logs", "rotated"]

USUAL = (
    "/var/log/haproxy.log",
    "/var/log/haproxy/haproxy.log",
    "/var/log/haproxy/access.log",
    "/var/log/haproxy-traffic.log",
)
"""Of Debian's package, RHEL's and openSUSE's documentation."""
_EVERYTHING = ("/var/log/syslog", "/var/log/messages")
"""Read only where nothing else is there: most of it is of other programs."""
_QUOTED = re.compile(r"""(?:file|File|destination)\s*[(=]\s*["'](/[^"'%$\s]{1,4000})["']""")
_LEGACY = re.compile(r"(?m)^[^#\n$]*?\s-?(/var/log/[^\s;#\"']{1,4000})")


def named_logs(configurations: Iterable[str]) -> tuple[str, ...]:
    """Return the files that lines of syslog daemons' configurations name which are about HAProxy. Pure.

    Source: rsyslog 8.2302 omfile (`action(type="omfile" file="…")`, `…    -/path`); syslog-ng 3.38 `file("…")`.
    """
    found: list[str] = []
    for text in configurations:
        if "haproxy" not in text.lower():
            continue
        for pattern in (_QUOTED, _LEGACY):
            found += [path for path in pattern.findall(text) if "haproxy" in path.lower()]
    return tuple(dict.fromkeys(found))


def find_logs(configurations: Iterable[str]) -> tuple[tuple[str, ...], str]:
    """Return the logs that are there, and how they were found; none where there are none."""
    named = [path for path in named_logs(configurations) if Path(path).is_file()]
    if named:
        return tuple(named), "named by the syslog daemon's configuration"
    usual = [path for path in USUAL if Path(path).is_file()]
    if usual:
        return tuple(usual), "in a usual place"
    general = [path for path in _EVERYTHING if Path(path).is_file()]
    return tuple(general), "the general log of this host" if general else ""


def rotated(paths: Sequence[str], *, since_ns: int | None) -> tuple[str, ...]:
    """Return logs with those of their rotated files that were still written to at `since_ns` (None: all of them)."""
    found: list[str] = []
    for path in paths:
        try:
            files = with_rotated(path)
        except EvidenceError:
            files = (path,)
        found += [name for name in files if name == path or _reaches(name, since_ns)]
    return tuple(found)


def _reaches(path: str, since_ns: int | None) -> bool:
    """Whether a file was last written after a moment: what is in it is older than that."""
    try:
        return since_ns is None or Path(path).stat().st_mtime_ns >= since_ns
    except OSError:
        return False
