"""Run one variant of a scenario: its child in a sandbox, the kernel's trace beside it, and what both say."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import secrets
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

import hitless
from hitless.errors import HitlessError, Interrupted
from hitless.evidence.bundle import BundleWriter
from hitless.lab.judge import judge_variant
from hitless.lab.machine import boot_machine
from hitless.lab.plan import OBSERVATIONS_FILE, Case, LabPlan, Observations
from hitless.lab.scratch import scratch_directory
from hitless.lab.stage import SYSTEMD
from hitless.labs import Status, VariantResult
from hitless.prove.keep import bundle_directory, keep, start_of_run
from hitless.prove.protocol import ProvePlan
from hitless.prove.supervise import ChildProgram, record
from hitless.records import ClientClass
from hitless.sandbox.entry import TierKind
from hitless.verdict import Conclusion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hitless.prove.protocol import Message

__all__ = ["run_variant"]

CHILD_MODULE = "hitless.lab.inside"
CLIENT_NETWORKS = 250
RUNS_WITHOUT_VERDICT = 3


def run_variant(
    case: Case, variant: str, show: Callable[[Message], None], *, bundle: Path | None = None
) -> VariantResult:
    """Run a variant until it is as expected, at most as often as the scenario allows where it is to break.

    A run that brought no verdict, on a machine with too much to do, is no evidence of anything: it is run again, twice
    at most. `bundle` is where the evidence is kept, of the second run and later ones with "-run-N" behind its name.

    Raises: Interrupted on Ctrl-C and SIGTERM. Everything else that goes wrong makes the result unknown.
    """
    chances = case.scenario.repeat if variant == "broken" else 1
    for run in range(1, max(chances, RUNS_WITHOUT_VERDICT) + 1):
        kept = bundle if bundle is None or run == 1 else bundle.with_name(f"{bundle.name}-run-{run}")
        result = msgspec.structs.replace(_run_once(case, variant, show, kept), runs=run)
        again = (
            run < chances
            if result.verdict != Conclusion.NO_VERDICT
            else run < max(chances, RUNS_WITHOUT_VERDICT)
        )
        if result.status is Status.GREEN or not again:
            break
    return result


def _run_once(
    case: Case, variant: str, show: Callable[[Message], None], bundle: Path | None
) -> VariantResult:
    started = time.monotonic()
    with scratch_directory() as scratch:
        path = scratch / "bundle" if bundle is None else bundle
        try:
            return _record(case, variant, path, show, started)
        except Interrupted:
            raise
        except HitlessError as error:
            return VariantResult(
                variant=variant,
                status=Status.UNKNOWN,
                why=error.message,
                duration_s=round(time.monotonic() - started, 1),
            )


def _record(
    case: Case, variant: str, path: Path, show: Callable[[Message], None], started: float
) -> VariantResult:
    moment = start_of_run()
    with BundleWriter(path) as writer, _ground(case, variant) as program:
        writer.add_configuration("haproxy.cfg", case.scenario.configuration.encode())
        with bundle_directory(writer.directory) as directory_fd:
            recording = record(program, directory_fd, show)
            observations = _take_observations(directory_fd)
        proof = None
        if recording.finished.facts is not None:
            proof, meta = keep(writer, recording, moment, ClientClass.NAIVE, (case.scenario.identity,))
            writer.commit(meta)
    return judge_variant(
        case.scenario,
        variant,
        case.haproxy.branch,
        observations,
        proof,
        duration_s=time.monotonic() - started,
    )


@contextlib.contextmanager
def _ground(case: Case, variant: str) -> Iterator[ChildProgram]:
    """Have a machine for the run: a sandbox, or one with a systemd of its own where the scenario needs it."""
    program = ChildProgram(
        module=CHILD_MODULE,
        plan=msgspec.json.encode(_plan(case, variant)),
        tier=_tier(),
        from_the_start=True,
    )
    if SYSTEMD not in case.scenario.needs:
        yield program
        return
    binaries = (case.haproxy.path, *case.others.values())
    shared = {Path(sys.prefix), Path(sys.base_prefix), Path(hitless.__file__).parent.parent}
    shared |= {Path(binary).parent for binary in binaries}
    with boot_machine(f"lab-{secrets.token_hex(3)}", shared=shared, at_once=True) as machine:
        yield dataclasses.replace(program, tier=None, prefix=machine.enter)


def _tier() -> TierKind:
    return TierKind.ROOT if os.geteuid() == 0 else TierKind.USER


def _take_observations(directory_fd: int) -> Observations:
    """Read what the child has observed, and take the file away: it is no part of a bundle."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(OBSERVATIONS_FILE, flags, dir_fd=directory_fd), "rb") as file:
        observations = msgspec.json.decode(file.read(), type=Observations)
    os.unlink(OBSERVATIONS_FILE, dir_fd=directory_fd)
    return observations


def _plan(case: Case, variant: str) -> LabPlan:
    settings = case.scenario.load
    prove = ProvePlan(
        tier=_tier(),
        haproxy=case.haproxy.path,
        mode=case.mode,
        via="command",
        reloads=settings.reloads,
        control_s=settings.control_s,
        spacing_s=settings.spacing_s,
        settle_s=settings.settle_s,
        connections=settings.connections,
        rate_per_s=settings.rate_per_s,
        full_rate=settings.full_rate,
        workloads=settings.workloads,
        client_network=1 + secrets.randbelow(CLIENT_NETWORKS),
    )
    return LabPlan(
        scenario=case.scenario,
        variant=variant,
        mode=case.mode,
        version=case.haproxy.branch,
        haproxy=case.haproxy.path,
        prove=prove,
        others=case.others,
    )
