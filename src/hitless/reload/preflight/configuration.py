"""HAProxy's own judgement of the configuration, by the very program, words, files, environment and user of the reload.

What it does not look at is checked by `files`, `rights`, `room` and the binds.
"""

from __future__ import annotations

import os
import shlex
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hitless.control.check import CheckResult, read_check
from hitless.control.command import run_bounded
from hitless.control.errors import CouldNotAsk
from hitless.facts import RunMode
from hitless.findings import Evidence
from hitless.gather.launch import words_for_a_check
from hitless.host.errors import HostError
from hitless.host.redact import redact_configuration
from hitless.reload.preflight.answers import Answers
from hitless.reload.preflight.checked_files import (
    directory_reader,
    named_files,
    read_digests,
    stand_in,
    with_candidates,
)
from hitless.reload.preflight.inherited import inherited, wanted_descriptors
from hitless.reload.preflight.load_time import judge_load_time
from hitless.reload.preflight.starter import Starter, find_starter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hitless.reload.preflight.options import PreflightOptions
    from hitless.reload.target import Target
    from hitless.reloads import PreflightCheck

__all__ = ["CheckRun", "check_configuration", "judge_configuration", "run_check"]

_ANSWER = Answers("configuration")
_MESSAGES = 20
_SOURCE = "haproxy -c"
_ELSEWHERE = "Run hitless where HAProxy runs, as root."


@dataclass(frozen=True, slots=True)
class CheckRun:
    """How HAProxy's own check went. `result` is None where it was not run to its end: `why_not` says why."""

    result: CheckResult | None = None
    why_not: str = ""
    duration_s: float | None = None
    command: str = ""
    caveat: str = ""
    """In what the run differed from the reload."""
    changed: tuple[str, ...] = ()
    """Files that are not any more what was read for the other checks, or changed while this one ran."""
    unplaced: tuple[str, ...] = ()
    """Candidates for files that the service does not read."""


def check_configuration(target: Target, options: PreflightOptions) -> tuple[PreflightCheck, ...]:
    """Run it; the answers are `configuration` and `load-time`."""
    # HAProxy begins its paths where the service runs; a relative one of ours begins where we are.
    here = {original: os.path.abspath(staged) for original, staged in options.candidates.items()}  # noqa: PTH100 - as text
    options = replace(options, candidates=here)
    try:
        run = run_check(target, options, find_starter(target))
    except HostError as error:
        run = CheckRun(why_not=error.message)
    return (
        judge_configuration(run, options.candidates),
        judge_load_time(run.duration_s, options.load_budget_s),
    )


def run_check(target: Target, options: PreflightOptions, starter: Starter) -> CheckRun:
    """Run `haproxy -c`.

    A master follows its -C again, from where it already is: a relative one then leads nowhere, and the reload ends the
    service (tried on 2.2.9 and 3.2.26; 2.6 to 3.0 do not even start). So -C stays in the check, and shows it.
    """
    if why := starter.why_not or ("" if starter.program else f"{starter.wanted_program} is not there"):
        return CheckRun(why_not=why)
    files, unplaced = with_candidates(
        named_files(target),
        options.candidates,
        directory=target.directory,
        names_in=directory_reader(target.place.root),
    )
    before = {file.path: file.sha256 for file in target.subject.instance.configuration}
    command = [*starter.prefix, starter.program, *_words(target), "-c"]
    command += [word for file in files for word in ("-f", file)]
    started_s = time.monotonic()
    main = target.master or target.current
    with inherited(main.pid if main else 0, wanted_descriptors(target.subject)) as sockets:
        try:
            done = run_bounded(
                [*sockets.prefix, *command],
                timeout_s=options.check_timeout_s,
                environment=starter.environment,
                working_directory=starter.working_directory,
                descriptors=sockets.descriptors,
            )
        except CouldNotAsk as error:
            return CheckRun(why_not=error.message)
        except OSError as error:
            return CheckRun(why_not=f"{error.filename or command[0]}: {error.strerror}")
    duration_s = time.monotonic() - started_s
    after = read_digests(target, options.candidates)
    return CheckRun(
        result=read_check(done),
        duration_s=duration_s,
        command=stand_in(shlex.join(command), options.candidates),
        caveat=starter.caveat or sockets.problem,
        changed=tuple(path for path, digest in after.items() if digest != before[path]),
        unplaced=tuple(unplaced),
    )


def judge_configuration(run: CheckRun, candidates: Mapping[str, str]) -> PreflightCheck:
    """Judge how the check went. Its warnings are passed on, and do not stop the reload."""
    if run.result is None:
        message = f"HAProxy's own check was not run to its end: {run.why_not}"
        return _ANSWER.unknown(message, hint=_ELSEWHERE, required=True)
    if run.unplaced:
        return _ANSWER.failed(
            f"{run.unplaced[0]} is not among the files that the service reads",
            hint="Name a file of its -f options, or one inside a directory of theirs.",
        )
    if run.changed:
        return _ANSWER.failed(
            f"{', '.join(run.changed)} changed while it was checked",
            hint="Somebody else writes it. Try again when that is done.",
        )
    return _judge_result(run, run.result, candidates)


def _judge_result(run: CheckRun, result: CheckResult, candidates: Mapping[str, str]) -> PreflightCheck:
    alerts = _texts([m.text for m in result.alerts], candidates)
    warnings = _texts([m.text for m in result.warnings], candidates)
    evidence = tuple(Evidence(text=text, source=_SOURCE) for text in (*alerts, *warnings)[:_MESSAGES])
    if not result.ok:
        said = _first(alerts) or redact_configuration(result.raw.strip()[:500]) or "it says nothing"
        if run.caveat:
            message = f"HAProxy refuses the configuration, but {run.caveat}: {said}"
            return _ANSWER.unknown(message, evidence, hint=_ELSEWHERE, required=True)
        message = f"HAProxy refuses the configuration: {said}"
        return _ANSWER.failed(message, evidence, hint=f"Try it: {run.command}")
    if warnings:
        return _ANSWER.warned(f"HAProxy accepts it, and warns: {_first(warnings)}", evidence)
    return _ANSWER.passed("HAProxy accepts it", (Evidence(text="accepted", source=run.command),))


def _words(target: Target) -> tuple[str, ...]:
    launch = target.instance.launch
    again = target.mode is RunMode.MASTER_WORKER
    return words_for_a_check(launch.arguments if launch else (), keep_directory=again)


def _texts(texts: Sequence[str], candidates: Mapping[str, str]) -> list[str]:
    """HAProxy shows the line that it cannot read, whatever stands there."""
    return [redact_configuration(stand_in(text, candidates)) for text in texts]


def _first(texts: Sequence[str]) -> str:
    more = f" (and {len(texts) - 1} more)" if len(texts) > 1 else ""
    return f"{texts[0]}{more}" if texts else ""
