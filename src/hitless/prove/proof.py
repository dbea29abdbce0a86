"""A proof from beginning to end: run it, keep the bundle, judge it."""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING

from hitless.config.files import read_files
from hitless.control.binary import find_haproxy
from hitless.errors import EvidenceError, UsageError
from hitless.evidence.abandoned import sweep_abandoned
from hitless.evidence.bundle import BundleWriter
from hitless.prove.keep import bundle_directory, keep, start_of_run
from hitless.prove.protocol import LiveTarget, Progress, ProvePlan
from hitless.prove.supervise import prove_child, record
from hitless.sandbox.entry import TierKind
from hitless.sandbox.tier import probe_tier

if TYPE_CHECKING:
    from collections.abc import Callable

    from hitless.prove.options import ProveOptions
    from hitless.prove.protocol import Message
    from hitless.verdict import ProofResult

__all__ = ["prove"]

CLIENT_NETWORKS = 250
_ON_LOOPBACK = "HAProxy ran on this host's own loopback, for want of a private namespace; why:"


def prove(options: ProveOptions, show: Callable[[Message], None]) -> tuple[ProofResult, Path]:
    """Run a proof; return its result and where its bundle is.

    Raises: HitlessError of every kind; Interrupted on Ctrl-C and SIGTERM. Nothing is left behind then.
    """
    files = read_files(options.files)
    read_files(options.change_files)
    show(Progress(stage="sandbox"))
    plan = _plan(options)
    moment = start_of_run()
    with _new_bundle(options) as writer:
        for file in files:
            writer.add_configuration(file.filename or "", file.to_bytes())
        with bundle_directory(writer.directory) as directory_fd:
            recording = record(prove_child(plan), directory_fd, show)
        why = (*((_ON_LOOPBACK,) if plan.tier == TierKind.LOOPBACK else ()), *plan.tier_why)
        result, meta = keep(writer, recording, moment, options.client_class, options.files, why)
        return result, writer.commit(meta)


def _plan(options: ProveOptions) -> ProvePlan:
    """Return what the child is told."""
    live, tier, haproxy = None, "live", ""
    why: tuple[str, ...] = ()
    if options.url is not None:
        live = LiveTarget(url=options.url, reload_command=options.reload_command, remote=options.remote)
    else:
        found = probe_tier()
        tier, why = found.kind, found.why
        haproxy = find_haproxy(options.haproxy).path
    return ProvePlan(
        tier=tier,
        tier_why=why,
        files=options.files,
        change_files=options.change_files,
        haproxy=haproxy,
        mode=options.mode,
        via=options.via,
        extra_arguments=options.extra_arguments,
        environment=options.environment,
        working_directory=str(Path.cwd()),
        reloads=options.reloads,
        control_s=options.control_s,
        spacing_s=options.spacing_s,
        settle_s=options.settle_s,
        requests=options.requests,
        connections=options.connections,
        rate_per_s=options.rate_per_s,
        full_rate=options.full_rate,
        workloads=options.workloads,
        sysctls=options.sysctls,
        client_network=1 + secrets.randbelow(CLIENT_NETWORKS),
        live=live,
    )


def _new_bundle(options: ProveOptions) -> BundleWriter:
    """Raises: UsageError if the bundle cannot be where it was asked for."""
    path = Path(time.strftime("prove-%Y%m%d-%H%M%S") if options.output is None else options.output)
    hint = "Choose with --output where the bundle goes: a new directory, in one that you may write."
    if path.name in {"", ".."} or os.path.lexists(path):
        raise UsageError(f"The bundle cannot be made: {options.output!r} is there already.", hint=hint)
    sweep_abandoned(path.parent)
    try:
        return BundleWriter(path)
    except EvidenceError as error:
        raise UsageError(error.message, hint=error.hint or hint) from error
