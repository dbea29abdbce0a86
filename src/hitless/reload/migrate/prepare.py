"""Look at everything that a migration has to know before anything is touched."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from hitless import __version__
from hitless.config.arguments import parse_arguments
from hitless.errors import ReloadError, UsageError
from hitless.facts import RunMode
from hitless.gather.launch import with_files
from hitless.gather.mode import master_worker_line
from hitless.host.main_process import NOTIFY_SOCKET
from hitless.migrations import Following, Migration, MigrationOutcome, MigrationSide
from hitless.reload.assemble import label_of
from hitless.reload.conversion import convert_arguments
from hitless.reload.look import as_if_started, read_target
from hitless.reload.migrate.checks import check_migration
from hitless.reload.migrate.plan import can_notify, choose_conversion, describe_steps, way_back
from hitless.reload.migrate.units import judge_unit, unit_change
from hitless.reload.successor_plan import plan_successor

if TYPE_CHECKING:
    from collections.abc import Callable

    from hitless.migrations import UnitLink
    from hitless.reload.conversion import Conversion
    from hitless.reload.migrate.options import MigrateOptions
    from hitless.reload.preflight.bind_plan import BindPlan
    from hitless.reload.successor_plan import SuccessorPlan
    from hitless.reload.target import Target

__all__ = ["Prepared", "prepare"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that is known before anything is touched."""

    target: Target
    """What runs."""
    loads: Target
    """The same, as if it had been started as its successor will be."""
    plan: SuccessorPlan
    link: UnitLink
    binds: BindPlan
    record: Migration


def prepare(options: MigrateOptions, tell: Callable[[str], None]) -> Prepared:
    """Look, decide, ask; nothing is touched.

    Raises: UsageError; ReloadError if nothing serves, or what serves cannot be replaced from here; HostError.
    """
    tell("looking at HAProxy")
    target = read_target(options.target)
    if target.current is None:
        raise ReloadError(
            f"No process of {target.instance.name} listens: there is nothing to take over from."
        )
    conversion, loads = _choose(target, options)
    plan = plan_successor(replace(target, subject=loads.subject), conversion=conversion)
    link = judge_unit(
        target.instance.unit,
        plan.predecessor.pid,
        pid_file=plan.pid_file,
        is_root=os.geteuid() == 0,
        notifies=target.subject.arguments.systemd,
    )
    if (
        link.following is Following.TOLD
        and conversion.mode is RunMode.MASTER_WORKER
        and can_notify(loads.instance.binary)
    ):
        conversion = replace(conversion, notify_socket=NOTIFY_SOCKET)
        loads = as_if_started(target, _arguments(target, conversion), program=conversion.program)
        plan = plan_successor(replace(target, subject=loads.subject), conversion=conversion)
    checks, binds = check_migration(target, loads, link, options, tell)
    before, after = _before(target), _after(loads, plan)
    record = Migration(
        instance=label_of(target),
        outcome=MigrationOutcome.PLANNED,
        before=before,
        after=after,
        tool_version=__version__,
        started_at=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        checks=checks,
        forced=tuple(check.name for check in checks if check.state == "forced"),
        steps=describe_steps(before, after, link),
        listeners=binds.of_service,
        unit=link,
        notes=plan.notes,
        way_back=way_back(before, after),
        unit_change=_unit_change(loads, plan, link),
    )
    return Prepared(target, loads, plan, link, binds, record)


def _choose(target: Target, options: MigrateOptions) -> tuple[Conversion, Target]:
    """Return what becomes different, and the target as if it had been started so."""
    if options.files:
        files = tuple(os.path.abspath(file) for file in options.files)  # noqa: PTH100 - as text
        options = replace(options, files=files)
    if options.program:
        options = replace(options, program=os.path.abspath(options.program))  # noqa: PTH100 - as text
    words = target.instance.launch.arguments if target.instance.launch else ()
    as_now = target
    if options.files:
        as_now = as_if_started(target, with_files(words, options.files), program=options.program)
    problem = next((f"{f.path}: {f.problem}" for f in as_now.instance.configuration if f.problem), "")
    if problem:
        raise UsageError(f"The configuration cannot be read: {problem}")
    conversion = choose_conversion(
        options,
        target.mode,
        words,
        configured=master_worker_line(as_now.instance) or "",
        is_root=os.geteuid() == 0,
    )
    return conversion, as_if_started(target, _arguments(target, conversion), program=conversion.program)


def _arguments(target: Target, conversion: Conversion) -> tuple[str, ...]:
    words = target.instance.launch.arguments if target.instance.launch else ()
    own = target.instance.binary.path if target.instance.binary else words[0]
    converted = convert_arguments(words, conversion, conversion.program or own)
    return with_files(converted, conversion.files) if conversion.files else converted


def _before(target: Target) -> MigrationSide:
    main = target.master or target.current
    return _side(
        target, target.instance.launch.arguments if target.instance.launch else (), main.pid if main else 0
    )


def _after(loads: Target, plan: SuccessorPlan) -> MigrationSide:
    words = with_files(plan.arguments, plan.files) if plan.files else plan.arguments
    side = _side(loads, words, 0)
    return msgspec.structs.replace(side, program=plan.program, serving_pid=0)


def _side(target: Target, arguments: tuple[str, ...], pid: int) -> MigrationSide:
    binary = target.instance.binary
    return MigrationSide(
        mode=str(target.mode),
        version=binary.version_text if binary else "",
        program=binary.path if binary else "",
        arguments=arguments,
        files=parse_arguments(arguments).files,
        pid=pid,
        serving_pid=target.current.pid if target.current else 0,
    )


def _unit_change(loads: Target, plan: SuccessorPlan, link: UnitLink) -> tuple[str, ...]:
    """Return the drop-in that the unit needs: none where there is no unit, or where it starts just this already."""
    if not link.name:
        return ()
    unit = loads.instance.unit
    starts = [parse_arguments(command.arguments) for command in (unit.start if unit else ())]
    new = parse_arguments(with_files(plan.arguments, plan.files) if plan.files else plan.arguments)
    same = any(
        (old.files, old.master_worker, old.program) == (new.files, new.master_worker, new.program)
        for old in starts
    )
    if same and link.following is not Following.LOST:
        return ()
    return unit_change(
        loads.mode,
        plan.arguments,
        plan.files,
        has_notify=can_notify(loads.instance.binary),
        pid_file=plan.pid_file,
    )
