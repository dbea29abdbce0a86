"""Descriptors for one more generation: for the process by its limits, for the host by the kernel's.

`haproxy -c` does not look at limits. Tried on 2.6.12 to 3.2.26: with `maxconn` or `ulimit-n` above what the starter can
raise its limit to, or `maxconn` above `fd-hard-limit`, the reload fails ("Cannot raise FD limit to 6040, limit is
1024."); 2.2.9 only says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.reload.preflight.room_finding import Fit, RoomFinding

if TYPE_CHECKING:
    from hitless.subject import Subject

__all__ = [
    "DescriptorFacts",
    "HostDescriptors",
    "judge_host_descriptors",
    "judge_process_descriptors",
    "needed_descriptors",
]

_PER_CONNECTION = 2
_NEAR = 0.9


@dataclass(frozen=True, slots=True)
class DescriptorFacts:
    """What decides how many files the next process may have open. None: not known, or no such bound."""

    needed: int
    """At least: see `needed_descriptors`. 0: HAProxy takes what it gets."""
    hard_limit: int | None
    """RLIMIT_NOFILE of whoever starts it."""
    nr_open: int | None
    """fs.nr_open: how far CAP_SYS_RESOURCE raises it."""
    may_raise: bool
    """It has CAP_SYS_RESOURCE."""
    strict: bool
    """`strict-limits`, in force by default since 2.3: it refuses to start."""
    fd_hard_limit: int = 0
    """`fd-hard-limit` of the configuration (2.6), 0 without it."""


@dataclass(frozen=True, slots=True)
class HostDescriptors:
    """fs.file-nr and fs.file-max, and what the current process holds. Units: open files."""

    allocated: int
    maximum: int
    held: int


def needed_descriptors(subject: Subject, extra: int = 0) -> int:
    """Return how many files the configuration needs at least, 0 where HAProxy computes `maxconn` from the limit.

    `extra` is what the running process counts besides its connections (Maxsock - 2 x Maxconn of `show info`).
    """
    connections, wanted = _number(subject, "maxconn"), _number(subject, "ulimit-n")
    needed = connections * _PER_CONNECTION + extra if connections else 0
    return max(needed, wanted)


def fd_hard_limit(subject: Subject) -> int:
    """Return `fd-hard-limit`, 0 where it is not set or not known to this version."""
    return _number(subject, "fd-hard-limit") if subject.version_in((2, 6)) else 0


def judge_process_descriptors(facts: DescriptorFacts) -> RoomFinding:
    """Judge the limits of the next process."""
    ceiling, name = facts.hard_limit, "its hard limit of open files"
    if facts.may_raise or ceiling is None:
        ceiling, name = facts.nr_open, "fs.nr_open"
    if facts.fd_hard_limit and (ceiling is None or facts.fd_hard_limit < ceiling):
        ceiling, name = facts.fd_hard_limit, "`fd-hard-limit`"
    source = "/proc/PID/limits, maxconn and ulimit-n"
    if not facts.needed or ceiling is None:
        return RoomFinding("descriptors of the process: it takes what it is given", Fit.FITS, source)
    numbers = f"descriptors of the process: {facts.needed} needed, {name} is {ceiling}"
    if facts.needed <= ceiling:
        return RoomFinding(numbers, Fit.FITS, source)
    if facts.strict:
        return RoomFinding(f"{numbers}: HAProxy refuses to start", Fit.DOES_NOT_FIT, source)
    return RoomFinding(f"{numbers}: connections will be refused before maxconn", Fit.TIGHT, source)


def judge_host_descriptors(facts: HostDescriptors) -> RoomFinding:
    """Judge what the kernel has for all: a further generation comes to hold about as many as the current one."""
    source = "/proc/sys/fs/file-nr"
    text = f"descriptors of the host: {facts.allocated} of {facts.maximum} in use, {facts.held} by the current process"
    if facts.allocated >= facts.maximum:
        return RoomFinding(f"{text}: none is left", Fit.DOES_NOT_FIT, source)
    if facts.allocated + facts.held > _NEAR * facts.maximum:
        return RoomFinding(f"{text}: a second generation with as many makes it scarce", Fit.TIGHT, source)
    return RoomFinding(text, Fit.FITS, source)


def _number(subject: Subject, keyword: str) -> int:
    line = subject.model.global_value(keyword)
    words = line.words[1:2] if line else ()
    return int(words[0]) if words and words[0].isascii() and words[0].isdigit() and len(words[0]) < 12 else 0
