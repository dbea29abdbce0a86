"""Directories and files that HAProxy needs when it starts and that `haproxy -c` does not look at.

Tried on 2.2.9, 2.6.12, 2.8.25, 3.0.11 and 3.2.26 with -W. `-c` refuses missing certificates, lists, maps, scripts,
error files, users and groups. It accepts the following, and the reload then

- ends the service where the directory of `chroot` is missing (2.2 to 3.0: the new worker dies when the old one has
  already been told to leave; 3.2 fails and serves on);
- fails where the pid file cannot be written, and on 3.2 ends the master.

The directories of unix sockets, which `-c` does not look at either, are judged with the binds.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.facts import RunMode
from hitless.findings import Evidence
from hitless.host.access import why_not_directory, why_not_writable
from hitless.host.errors import HostError
from hitless.reload.preflight.answers import Answers
from hitless.reload.preflight.starter import start_rights

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hitless.host.rights import Rights
    from hitless.reload.preflight.options import PreflightOptions
    from hitless.reload.target import Target
    from hitless.reloads import PreflightCheck

__all__ = ["Problem", "check_files", "judge_files"]

_ANSWER = Answers("files")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it must be: what it is, why not, what the reload would do, and where it is named."""

    what: str
    why: str
    outcome: str
    source: str


def check_files(target: Target, options: PreflightOptions) -> tuple[PreflightCheck, ...]:
    """Look at all of them, with the rights that the next process starts with."""
    del options
    try:
        rights = start_rights(target)
    except HostError as error:
        return (
            _ANSWER.unknown(
                f"as whom HAProxy starts is not known: {error.message}",
            ),
        )
    return (judge_files([*_chroot(target), *_pid_files(target, rights)]),)


def judge_files(problems: Sequence[Problem]) -> PreflightCheck:
    """Judge what was found."""
    if not problems:
        return _ANSWER.passed("chroot and pid file are there and can be used")
    first = problems[0]
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return _ANSWER.failed(
        f"{first.what}: {first.why}; {first.outcome}{more}",
        tuple(Evidence(text=f"{p.what}: {p.why}", source=p.source) for p in problems),
        hint="Make it, with the owner that HAProxy is started as.",
    )


def _chroot(target: Target) -> Iterator[Problem]:
    for line in target.subject.in_global("chroot")[-1:]:
        why = why_not_directory(target.place.root, line.words[1]) if len(line.words) > 1 else ""
        if why:
            yield Problem(f"chroot {line.words[1]}", why, _outcome(target), line.where)


def _outcome(target: Target) -> str:
    """Return what becomes of a worker that dies before it serves. Source: the versions tried above."""
    if target.mode is RunMode.MASTER_WORKER and target.version < (3, 1):
        return "the reload would end the service"
    return "the reload would fail"


def _pid_files(target: Target, rights: Rights) -> Iterator[Problem]:
    """A process in the foreground without a master writes none."""
    arguments = target.subject.arguments
    if target.mode is not RunMode.MASTER_WORKER and not (
        arguments.daemon or target.subject.in_global("daemon")
    ):
        return
    launch = target.instance.launch
    named = [(arguments.pid_file, launch.source if launch else "")] if arguments.pid_file else []
    named += [(d.words[1], d.where) for d in target.subject.in_global("pidfile") if len(d.words) > 1]
    ends = target.mode is RunMode.MASTER_WORKER and target.version >= (3, 1)
    outcome = "the reload would end the master" if ends else "the reload would fail"
    for path, source in dict(named).items():
        full = posixpath.join(target.directory, path)
        if why := why_not_writable(target.place.root, full, rights):
            yield Problem(f"pid file {full}", why, outcome, source)
