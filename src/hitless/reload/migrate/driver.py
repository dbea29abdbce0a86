"""Migrate a running HAProxy, from the first look to the record of what it came to."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from hitless.errors import HitlessError
from hitless.migrations import Migration, MigrationOutcome
from hitless.reload.instance_files import InstanceFiles
from hitless.reload.lock import hold_lock
from hitless.reload.look import instance_key, read_target
from hitless.reload.migrate.plan import way_back
from hitless.reload.migrate.prepare import prepare
from hitless.reload.migrate.succession import Succession
from hitless.reload.takeover import actual_listeners
from hitless.reload.takeover_watch import TakeoverWatch
from hitless.state import state_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hitless.reload.migrate.options import MigrateOptions
    from hitless.reload.migrate.prepare import Prepared
    from hitless.reload.takeover import Proof
    from hitless.reload.target import Target

__all__ = ["apply_migration", "plan_migration"]


def plan_migration(options: MigrateOptions, tell: Callable[[str], None]) -> Migration:
    """Return what a migration would do, and what it would find; nothing is touched.

    Raises: UsageError; ReloadError if nothing serves, or what serves cannot be replaced from here; HostError.
    """
    return prepare(options, tell).record


def apply_migration(options: MigrateOptions, tell: Callable[[str], None]) -> Migration:
    """Migrate, and prove that what is new serves. `tell` is told what goes on.

    Raises: UsageError, ReloadError, HostError, ChangeError if it cannot be begun: nothing has been touched then.
    """
    state = options.state_dir or state_directory()
    key = instance_key(read_target(options.target, views=False))
    with (
        InstanceFiles(f"{state}/instances/{key}") as files,
        hold_lock(files, timeout_s=options.wait_s, waiting=lambda: tell("waiting for a reload to end")),
    ):
        started = time.monotonic()
        prepared = prepare(options, tell)
        if prepared.record.stopped_by:
            reason = "; ".join(check.message for check in prepared.record.stopped_by)
            outcome = MigrationOutcome.REJECTED_BY_PREFLIGHT
            return msgspec.structs.replace(prepared.record, outcome=outcome, reason=reason)
        tell("starting the new HAProxy")
        done = _succeed(prepared, options, tell)
        return msgspec.structs.replace(done, duration_s=round(time.monotonic() - started, 3))


def _succeed(prepared: Prepared, options: MigrateOptions, tell: Callable[[str], None]) -> Migration:
    before = _held(prepared.target)
    succession = Succession(
        target=prepared.target,
        plan=prepared.plan,
        version=prepared.loads.version,
        expected=prepared.binds.watched,
        link=prepared.link,
        timeout_s=options.timeout_s,
        notes=list(prepared.plan.notes),
    )
    try:
        why = succession.run()
    except HitlessError as error:
        why = error.message
    record = msgspec.structs.replace(
        prepared.record, messages=succession.messages, notes=tuple(succession.notes)
    )
    if not succession.released:
        return msgspec.structs.replace(record, outcome=MigrationOutcome.NOT_STARTED, reason=why)
    tell("proving that the new process serves")
    target, proof, problem = succession.prove()
    return _finished(record, prepared, target, proof, why or problem, before)


def _held(target: Target) -> Mapping[str, frozenset[int]]:
    current = target.current
    assert current is not None, "looked at"
    with TakeoverWatch(target) as watch:
        return watch.endpoints(watch.look(thoroughly=True), current.pid)


def _finished(
    record: Migration,
    prepared: Prepared,
    target: Target | None,
    proof: Proof | None,
    problem: str,
    before: Mapping[str, frozenset[int]],
) -> Migration:
    proven = proof is not None and proof.proven
    missing = proof.missing if proof is not None else (problem,)
    after = record.after
    listeners = record.listeners
    if target is not None and target.current is not None:
        main = target.master or target.current
        after = msgspec.structs.replace(after, pid=main.pid, serving_pid=target.current.pid)
        listeners = actual_listeners(prepared.binds.of_service, before, _held(target))
    return msgspec.structs.replace(
        record,
        outcome=MigrationOutcome.MIGRATED if proven else MigrationOutcome.NOT_PROVEN,
        reason="" if proven else "; ".join(missing),
        after=after,
        listeners=listeners,
        how=proof.how if proof is not None else (),
        missing=() if proven else missing,
        way_back=way_back(record.before, after),
    )
