"""Room for one more generation beside those that live: descriptors, memory, source ports.

Rough figures, with the numbers and the rule said: tight is a warning, and only what cannot fit stops the reload.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from hitless.errors import HitlessError
from hitless.findings import Evidence
from hitless.host.errors import HostError
from hitless.host.machine import read_machine
from hitless.host.memory_limits import read_memory_limits
from hitless.host.netns import in_network_namespace
from hitless.host.rights import CAP_SYS_RESOURCE, read_hard_descriptor_limit
from hitless.host.root import HostRoot
from hitless.host.source_ports import count_towards
from hitless.host.sysctls import read_sysctls
from hitless.reload.preflight.answers import Answers
from hitless.reload.preflight.room_descriptors import (
    DescriptorFacts,
    HostDescriptors,
    fd_hard_limit,
    judge_host_descriptors,
    judge_process_descriptors,
    needed_descriptors,
)
from hitless.reload.preflight.room_finding import Fit, RoomFinding
from hitless.reload.preflight.room_memory import judge_memory
from hitless.reload.preflight.room_ports import judge_ports, port_range_size, server_ports
from hitless.reload.preflight.starter import start_rights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hitless.facts import Process
    from hitless.reload.preflight.options import PreflightOptions
    from hitless.reload.target import Target
    from hitless.reloads import PreflightCheck

__all__ = ["check_room", "judge_room"]

_ANSWER = Answers("room")
_COUNTING_S = 3.0
_RANGE = "net.ipv4.ip_local_port_range"
_RESERVED = "net.ipv4.ip_local_reserved_ports"


def check_room(target: Target, options: PreflightOptions) -> tuple[PreflightCheck, ...]:
    """Look at all of it, as it is now."""
    del options
    current = target.current
    if current is None:
        message = "no process serves whose needs would say what the next one takes"
        return (_ANSWER.unknown(message),)
    found: list[RoomFinding] = []
    unknown: list[str] = []
    for read in (_process_descriptors, _host_descriptors, _memory, _ports):
        _collect(read, target, current, found, unknown)
    return (judge_room(found, unknown),)


def judge_room(found: Sequence[RoomFinding], unknown: Sequence[str]) -> PreflightCheck:
    """Judge the resources: the scarcest counts. What could not be looked at has not passed."""
    ordered = sorted(found, key=lambda finding: -finding.fit)
    worst = ordered[0].fit if ordered else Fit.FITS
    evidence = tuple(Evidence(text=finding.text, source=finding.source) for finding in ordered)
    if worst is Fit.FITS and unknown:
        message = f"room for one more generation: {unknown[0]}"
        return _ANSWER.unknown(message, evidence)
    if worst is Fit.FITS:
        message = "descriptors, memory and source ports suffice for one more generation"
        return _ANSWER.passed(message, evidence)
    answer = _ANSWER.warned if worst is Fit.TIGHT else _ANSWER.failed
    hint = "Wait until old processes have ended (`hitless drain`), or give it more."
    return answer(ordered[0].text, evidence, hint=hint)


def _collect(
    read: Callable[[Target, Process], Iterator[RoomFinding]],
    target: Target,
    current: Process,
    found: list[RoomFinding],
    unknown: list[str],
) -> None:
    try:
        found.extend(read(target, current))
    except HitlessError as error:
        unknown.append(error.message)


def _process_descriptors(target: Target, current: Process) -> Iterator[RoomFinding]:
    subject, view = target.subject, target.worker_view(current.pid)
    extra = 0
    if view is not None and view.max_sockets is not None and view.max_connections is not None:
        extra = max(0, view.max_sockets - 2 * view.max_connections)
    main = target.master or current
    yield judge_process_descriptors(
        DescriptorFacts(
            needed=needed_descriptors(subject, extra),
            hard_limit=read_hard_descriptor_limit(main.pid),
            nr_open=_sysctls("fs.nr_open").get("fs.nr_open"),
            may_raise=start_rights(target).has(CAP_SYS_RESOURCE),
            strict=subject.version_in((2, 3)) and not subject.in_global("no", "strict-limits"),
            fd_hard_limit=fd_hard_limit(subject),
        )
    )


def _host_descriptors(target: Target, current: Process) -> Iterator[RoomFinding]:
    del target
    values = _sysctls("fs.file-nr", "fs.file-max")
    if len(values) < 2 or current.descriptors is None:
        raise HostError("how many files are open could not be seen")
    facts = HostDescriptors(values["fs.file-nr"], values["fs.file-max"], current.descriptors)
    yield judge_host_descriptors(facts)


def _memory(target: Target, current: Process) -> Iterator[RoomFinding]:
    del target
    machine, unknown = read_machine(HostRoot())
    limits = read_memory_limits(current.pid)
    yield from judge_memory(current.resident_bytes, machine.memory_available_bytes, limits)
    if unknown:
        raise HostError(f"{unknown[0].what}: {unknown[0].why}")


def _ports(target: Target, current: Process) -> Iterator[RoomFinding]:
    """Ask in the service's network namespace, which has ports of its own."""
    wanted = sorted(server_ports(target.subject))
    used, size, missed = in_network_namespace(current.pid, lambda: _count_ports(wanted))
    yield from judge_ports(used, size)
    if missed:
        raise HostError(
            f"source ports towards {missed} of {len(wanted)} ports of servers were not counted in time"
        )


def _count_ports(wanted: Sequence[int]) -> tuple[Counter[tuple[str, str, bool]], int | None, int]:
    """Return the sockets towards these ports, how many source ports there are, and for how many no time was left.

    The kernel goes through all its sockets for each port: a fraction of a second where there are a million.
    """
    used: Counter[tuple[str, str, bool]] = Counter()
    deadline_s = time.monotonic() + _COUNTING_S
    counted = 0
    for port in wanted:
        if time.monotonic() > deadline_s:
            break
        used.update(count_towards(port))
        counted += 1
    values, _ = read_sysctls(HostRoot(), (_RANGE, _RESERVED))
    named = {setting.name: setting.value for setting in values}
    size = port_range_size(named.get(_RANGE, ""), named.get(_RESERVED, ""))
    return used, size, len(wanted) - counted


def _sysctls(*names: str) -> dict[str, int]:
    """Return the first number of each kernel setting that this kernel has."""
    values, _ = read_sysctls(HostRoot(), names)
    first = {setting.name: next(iter(setting.value.split()), "") for setting in values}
    return {name: int(word) for name, word in first.items() if word.isascii() and word.isdigit()}
