"""Run many scenarios on many HAProxies: which there are to be (pure), several at once, and the report of all."""

from __future__ import annotations

import os
import platform
import selectors
import shutil
import subprocess
import sys
import time
from collections import deque
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING

import msgspec

from hitless import __version__
from hitless.errors import SandboxError
from hitless.host.processes import format_ending
from hitless.lab.judge import judge_claims, judge_scenario, judge_times
from hitless.lab.plan import Case
from hitless.lab.scenario import VARIANTS
from hitless.lab.scratch import sweep_scratch
from hitless.lab.worker import Done, Task, Told
from hitless.labs import Absent, HAProxyHere, LabReport, VariantResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from hitless.lab.haproxies import Haproxy
    from hitless.lab.scenario import Scenario
    from hitless.labs import ClaimResult, ScenarioResult

__all__ = ["Plan", "Progress", "plan_suite", "run_suite"]

WORKER_MODULE = "hitless.lab.worker"
STOP_DEADLINE_S = 10.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be run, and what cannot be here."""

    cases: tuple[Case, ...]
    absent: tuple[Absent, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is: `running` says what is under way, `finished` is the result that has just come."""

    done: int
    total: int
    running: tuple[str, ...]
    finished: tuple[Case, VariantResult] | None = None


def plan_suite(
    scenarios: Sequence[Scenario],
    haproxies: Sequence[Haproxy],
    *,
    mode: str = "",
    known: dict[str, str],
    absent_versions: Sequence[str] = (),
    missing: Callable[[str], str] | None = None,
) -> Plan:
    """Return every scenario on every version and in every mode in which it can be run.

    `missing` returns why a need cannot be had, "" where it can.
    """
    why_not = missing or missing_need
    absent = [Absent(what=f"HAProxy {name}", why="it is not installed") for name in absent_versions]
    cases: list[Case] = []
    for scenario in scenarios:
        reasons = [why for need in scenario.needs if (why := why_not(need))]
        if reasons:
            absent.append(Absent(what=scenario.identity, why="; ".join(reasons)))
            continue
        modes = [one for one in scenario.modes if one == (mode or one)]
        cases += [
            Case(scenario=scenario, haproxy=haproxy, mode=one, others=known)
            for haproxy in haproxies
            if scenario.runs_on(haproxy.branch)
            for one in modes
        ]
    return Plan(tuple(cases), tuple(absent))


def missing_need(need: str) -> str:
    """Return why this cannot be had here; "" where it can."""
    if need == "root":
        return "" if os.geteuid() == 0 else "it needs root"
    if need == "systemd":
        if os.geteuid() != 0:
            return "a systemd of its own needs root"
        return "" if shutil.which("systemd-nspawn") else "systemd-nspawn is not installed"
    return "" if shutil.which(need) else f"{need} is not installed"


def run_suite(
    plan: Plan,
    haproxies: Iterable[Haproxy],
    show: Callable[[Progress], None],
    *,
    jobs: int = 2,
    times: int = 1,
    bundles: Path | None = None,
) -> LabReport:
    """Run it all so many times, `jobs` variants at a time; `bundles` is the directory that takes the evidence of each.

    Raises: SandboxError if a worker dies; KeyboardInterrupt goes through, with every worker ended.
    """
    started = time.monotonic()
    sweep_scratch()
    with ExitStack() as stack:
        pool = _Pool(plan.cases, times, show, bundles)
        found = pool.run([_Worker(stack) for _ in range(min(jobs, 2 * times * len(plan.cases)))])
    results: list[ScenarioResult] = []
    claims: list[ClaimResult] = []
    for number, case in enumerate(plan.cases):
        broken, fixed = (
            judge_times([found[number, name, time] for time in range(times)]) for name in VARIANTS
        )
        result = judge_scenario(
            case.scenario, case.haproxy.branch, case.haproxy.version, case.mode, broken, fixed
        )
        results.append(result)
        claims += judge_claims(case.scenario, case.haproxy.branch, result)
    return LabReport(
        hitless=__version__,
        kernel=platform.release(),
        haproxies=tuple(HAProxyHere(branch=h.name, version=h.version, path=h.path) for h in haproxies),
        absent=plan.absent,
        results=tuple(results),
        claims=tuple(claims),
        duration_s=round(time.monotonic() - started, 1),
    )


Key = tuple[int, str, int]
"""The number of a case, the variant, and which of its runs."""


class _Worker:
    """A process that runs variants; ended with the stack."""

    def __init__(self, stack: ExitStack) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", WORKER_MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self.key: Key | None = None
        self.buffer = b""
        self.label = ""
        self.text = ""
        stack.callback(self.end)

    def end(self) -> None:
        """Let it take down what it runs, and go."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        if self.key is not None:
            self.process.terminate()
        try:
            self.process.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def give(self, key: Key, label: str, task: Task) -> None:
        """Have it run something."""
        assert self.process.stdin is not None
        self.key, self.label, self.text = key, label, ""
        self.process.stdin.write(msgspec.json.encode(task) + b"\n")
        self.process.stdin.flush()

    def read(self) -> list[Told | Done]:
        """Return what it says.

        Raises: SandboxError if it has died.
        """
        assert self.process.stdout is not None
        chunk = os.read(self.process.stdout.fileno(), 65536)
        if not chunk:
            raise SandboxError(
                f"A process of the lab {format_ending(self.process.wait())} in the middle of {self.label}."
            )
        *lines, self.buffer = (self.buffer + chunk).split(b"\n")
        return [msgspec.json.decode(line, type=Told | Done) for line in lines]


@dataclass(slots=True)
class _Pool:
    """Gives what is to be run to workers that are free, and collects what comes back."""

    cases: Sequence[Case]
    times: int
    show: Callable[[Progress], None]
    bundles: Path | None
    waiting: deque[Key] = field(default_factory=deque)
    found: dict[Key, VariantResult] = field(default_factory=dict)

    def run(self, workers: Sequence[_Worker]) -> dict[Key, VariantResult]:
        self.waiting.extend(product(range(len(self.cases)), VARIANTS, range(self.times)))
        total = len(self.waiting)
        with selectors.DefaultSelector() as selector:
            for worker in workers:
                assert worker.process.stdout is not None
                selector.register(worker.process.stdout, selectors.EVENT_READ, worker)
                self._give(worker)
            while len(self.found) < total:
                for key, _ in selector.select():
                    self._hear(key.data, workers, total)
        return self.found

    def _give(self, worker: _Worker) -> None:
        worker.key = None
        if not self.waiting:
            return
        key = number, name, time = self.waiting.popleft()
        case = self.cases[number]
        label = f"{case.scenario.identity} on {case.haproxy.name} {case.mode}, {name}"
        if self.times > 1:
            label += f" {time + 1}"
        bundle = str(self.bundles / label.replace(" ", "-").replace(",", "")) if self.bundles else ""
        worker.give(key, label, Task(case, name, bundle))

    def _hear(self, worker: _Worker, workers: Sequence[_Worker], total: int) -> None:
        for message in worker.read():
            finished = None
            if isinstance(message, Told):
                worker.text = message.text
            elif worker.key is not None:
                finished = (self.cases[worker.key[0]], message.result)
                self.found[worker.key] = message.result
                self._give(worker)
            running = tuple(
                f"{one.label}: {one.text}" if one.text else one.label for one in workers if one.key
            )
            self.show(Progress(len(self.found), total, running, finished))
