"""The program that the reload starts: it is there, it runs, and it is the version that runs now or a known change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.control.command import Completed, run_bounded
from hitless.control.errors import CouldNotAsk
from hitless.control.version import parse_version
from hitless.facts import RunMode
from hitless.findings import Evidence
from hitless.host.errors import HostError
from hitless.host.processes import format_ending
from hitless.reload.preflight.answers import Answers
from hitless.reload.preflight.starter import Starter, find_starter

if TYPE_CHECKING:
    from hitless.reload.preflight.options import PreflightOptions
    from hitless.reload.target import Target
    from hitless.reloads import PreflightCheck

__all__ = ["NextProgram", "check_program", "judge_program", "read_next_program"]

_ANSWER = Answers("program")
_TIMEOUT_S = 10.0
_LIMIT_BYTES = 256 * 1024
_CRASHES = (((2, 6), (2, 7, 0)),)
"""Upgrades by reload that end the master: from this branch, to this release. Source: HAProxy issue 1956."""


@dataclass(frozen=True, slots=True)
class NextProgram:
    """What the reload would execute. `version` is (0, 0, 0) where it does not say."""

    path: str
    version: tuple[int, int, int] = (0, 0, 0)
    version_text: str = ""
    missing: bool = False
    problem: str = ""
    """What happened instead when it was run."""
    unasked: str = ""
    """Why it was not run."""


def check_program(target: Target, options: PreflightOptions) -> tuple[PreflightCheck, ...]:
    """Ask the program for its version, as the service would start it."""
    del options
    try:
        starter = find_starter(target)
    except HostError as error:
        found = NextProgram(path="", unasked=error.message)
    else:
        found = read_next_program(starter)
    running = target.instance.binary.version_text if target.instance.binary else ""
    return (judge_program(found, running, target.version, master=target.mode is RunMode.MASTER_WORKER),)


def read_next_program(starter: Starter) -> NextProgram:
    """Run `PROGRAM -vv` as the reload would run PROGRAM."""
    path = starter.program
    if not path:
        return NextProgram(path=starter.wanted_program, missing=True)
    if starter.why_not:
        return NextProgram(path=path, unasked=starter.why_not)
    try:
        done = run_bounded(
            [*starter.prefix, path, "-vv"],
            timeout_s=_TIMEOUT_S,
            limit_bytes=_LIMIT_BYTES,
            environment=starter.environment,
            working_directory=starter.working_directory,
        )
    except CouldNotAsk as error:
        return NextProgram(path=path, problem=error.message)
    except OSError as error:
        why = error.strerror or str(error)
        if starter.prefix:  # setpriv or nsenter is missing: nothing is known about the program
            return NextProgram(path=path, unasked=f"{starter.prefix[0]}: {why}")
        return NextProgram(path=path, problem=why)
    return _read_reply(path, done)


def _read_reply(path: str, done: Completed) -> NextProgram:
    found = parse_version(done.stdout)
    if found is not None and done.returncode == 0:
        return NextProgram(path=path, version=found.version, version_text=found.text)
    said = (done.stderr or done.stdout).strip().split("\n")[0][:200]
    ending = format_ending(done.returncode)
    return NextProgram(path=path, problem=f"{ending}: {said}" if said else ending)


def judge_program(
    found: NextProgram, running: str, running_version: tuple[int, int, int], *, master: bool
) -> PreflightCheck:
    """Judge it; `running` is the version that runs, as text.

    Tried on 2.2, 2.6, 3.0, 3.2 with -W: a missing program leaves a master that turns in circles without its CLI (a
    signal reloads it once the program is back); one that starts and fails ends the service with all its connections.
    """
    if found.missing:
        outcome = "the master would lose its CLI" if master else "no new process would start"
        path = found.path or "the program"
        return _ANSWER.failed(f"{path} is not there: {outcome}", hint="Install HAProxy again.")
    if found.unasked:
        return _ANSWER.unknown(
            f"the program that the reload starts was not run: {found.unasked}",
            hint="Run hitless where HAProxy runs, as root.",
            required=True,
        )
    if found.problem:
        outcome = "the reload would end the service" if master else "no new process would start"
        return _ANSWER.failed(
            f"{found.path} does not run ({found.problem}): {outcome}",
            hint=f"See {found.path} -vv and ldd {found.path}.",
        )
    return _judge_version(found, running, running_version, master=master)


def _judge_version(
    found: NextProgram, running: str, running_version: tuple[int, int, int], *, master: bool
) -> PreflightCheck:
    evidence = (Evidence(text=f"HAProxy {found.version_text}", source=f"{found.path} -vv"),)
    if found.version_text == running:
        return _ANSWER.passed(f"HAProxy {running}", evidence)
    for branch, release in _CRASHES:
        if master and running_version[:2] == branch and found.version == release:
            return _ANSWER.failed(
                f"the reload would upgrade {running} to {found.version_text}, which ends the master (issue 1956)",
                evidence,
                hint="Install another release, or restart at a quiet time.",
            )
    now = f"{running or 'an unknown version'} runs, {found.path} is {found.version_text}"
    return _ANSWER.warned(f"the reload is an upgrade: {now}", evidence)
