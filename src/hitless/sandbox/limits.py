"""Limits that this machine cannot grant: raise what may be raised, adapt the rest, report all of it.

An adaptation rewrites one line of the private copy of the configuration; all other lines keep their numbers.
"""

import re
import resource
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hitless.config.model import Directive, Model
from hitless.records import StandIn
from hitless.sandbox.entry import TierKind

__all__ = [
    "Adaptation",
    "apply_adaptations",
    "plan_identity_adaptations",
    "plan_limit_adaptations",
    "raise_descriptor_limit",
]

_FD_LIMIT = re.compile(r"Cannot raise FD limit to (\d+), limit is (\d+)")
_FD_TOO_LOW = re.compile(r"FD limit \((\d+)\) too low for maxconn=(\d+)/maxsock=(\d+)")
_FD_TABLE = re.compile(r"Not enough memory to allocate (\d+) entries for fdtab")
_THREADS = re.compile(r"'nbthread' value must be between 1 and (\d+)")
_THREAD_GROUP = re.compile(r"Too many remaining unassigned threads \((\d+)\) for thread groups \((\d+)\)")
_THREADS_PER_GROUP = 64
_DESCRIPTORS_OF_MODEST_MEMORY = 1024 * 1024
"""The kernel's own default for the most that one process may have (fs.nr_open); a table of some 64 MB."""
_SPARE_DESCRIPTORS = 64
"""What HAProxy opens beyond its own sum: the sockets of a reload, logs, the process's standard streams."""


@dataclass(frozen=True, slots=True)
class Adaptation:
    """One line of the configuration that is different in the sandbox. `where` is FILE:LINE."""

    where: str
    line: str
    """The whole line without indentation and line end."""
    what: str

    def record(self, kind: str = "limit") -> StandIn:
        """Return the entry for the report."""
        return StandIn(kind=kind, name=self.line.split(" ", 1)[0], where=self.where, what=self.what)


def raise_descriptor_limit() -> int:
    """Raise this process's descriptor limit, which HAProxy inherits, as far as allowed; return the new limit.

    Root may raise the hard limit up to fs.nr_open; others only the soft one up to the hard one.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    ceiling = int(Path("/proc/sys/fs/nr_open").read_text(encoding="ascii"))
    most = max(hard, ceiling)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    except (PermissionError, ValueError):  # an ordinary user, also as root of a user namespace
        most = hard
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


def plan_limit_adaptations(model: Model, stderr: str) -> tuple[Adaptation, ...]:
    """Return what to change for HAProxy to fit this machine's limits, from its own messages (pure)."""
    found: dict[str, Adaptation] = {}
    for line in stderr.splitlines():
        for adaptation in _adapt(model, line):
            found.setdefault(adaptation.where, adaptation)
    return tuple(found.values())


def _adapt(model: Model, line: str) -> Iterable[Adaptation]:
    if match := _FD_LIMIT.search(line):
        return _adapt_descriptors(model, wanted=int(match[1]), granted=int(match[2]))
    if match := _FD_TOO_LOW.search(line):
        return _adapt_descriptors(model, wanted=int(match[3]), granted=int(match[1]))
    if match := _FD_TABLE.search(line):
        return _adapt_descriptors(model, wanted=int(match[1]), granted=_DESCRIPTORS_OF_MODEST_MEMORY)
    if match := _THREADS.search(line):
        return _adapt_number(
            model.global_value("nbthread"), int(match[1]), "threads that this HAProxy supports"
        )
    if match := _THREAD_GROUP.search(line):
        most = int(match[2]) * _THREADS_PER_GROUP
        return _adapt_number(model.global_value("nbthread"), most, "threads that its thread groups hold")
    return ()


def _adapt_descriptors(model: Model, *, wanted: int, granted: int) -> tuple[Adaptation, ...]:
    """Lower `ulimit-n` to what is granted and `maxconn` to what fits: two descriptors for each connection.

    Source: HAProxy 2.8 src/haproxy.c compute_ideal_maxsock().
    """
    why = f"file descriptors that this machine grants ({granted} of {wanted})"
    changes = list(_adapt_number(model.global_value("ulimit-n"), granted, why))
    maxconn = model.global_value("maxconn")
    number = _number(maxconn)
    if number:
        overhead = max(0, wanted - 2 * number) if wanted >= 2 * number else 0
        fitting = (granted - min(overhead, granted // 2) - _SPARE_DESCRIPTORS) // 2
        changes += _adapt_number(maxconn, max(1, fitting), why)
    return tuple(changes)


def _adapt_number(directive: Directive | None, most: int, why: str) -> tuple[Adaptation, ...]:
    before = _number(directive)
    if directive is None or before is None or before <= most:
        return ()
    what = f"{directive.keyword} {most} instead of {before}: the {why}"
    return (Adaptation(directive.where, f"{directive.keyword} {most}", what),)


def _number(directive: Directive | None) -> int | None:
    if directive is None or len(directive.words) < 2 or not directive.words[1].isdecimal():
        return None
    return int(directive.words[1])


def plan_identity_adaptations(model: Model, tier: TierKind) -> tuple[Adaptation, ...]:
    """Return what to change in `uid` and `gid`: a user namespace of an ordinary user has 0 alone (pure)."""
    if tier is not TierKind.USER:
        return ()
    directives = (model.global_value("uid"), model.global_value("gid"))
    return tuple(
        Adaptation(
            found.where,
            f"{found.keyword} 0",
            f"{found.keyword} 0: the only one in an ordinary user's sandbox",
        )
        for found in directives
        if found is not None and _number(found)
    )


def apply_adaptations(data: bytes, filename: str, adaptations: Iterable[Adaptation]) -> bytes:
    """Return a configuration file with the adapted lines; all other bytes and line numbers stay (pure)."""
    lines = data.split(b"\n")
    for adaptation in adaptations:
        file, _, number = adaptation.where.rpartition(":")
        index = int(number) - 1
        if file != filename or not 0 <= index < len(lines):
            continue
        body = lines[index]
        indentation = body[: len(body) - len(body.lstrip())]
        lines[index] = indentation + adaptation.line.encode() + (b"\r" if body.endswith(b"\r") else b"")
    return b"\n".join(lines)
