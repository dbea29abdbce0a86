"""Find the running HAProxy that is meant, and read what a reload has to know of it."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hitless.config.arguments import parse_arguments
from hitless.errors import UsageError
from hitless.facts import Snapshot
from hitless.gather.budget import Budget
from hitless.gather.configuration import configuration_file
from hitless.gather.instance import gather_instance
from hitless.gather.options import GatherOptions
from hitless.gather.services import Service, choose, find_services
from hitless.gather.views import master_addresses, model_of, read_views, stats_addresses
from hitless.host.errors import HostError
from hitless.host.haproxy_processes import read_haproxy_processes
from hitless.host.processes import read_start_ticks, read_status
from hitless.host.root import HostRoot
from hitless.host.systemd import read_units
from hitless.reload.target import Target
from hitless.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hitless.config.model import Model
    from hitless.facts import Instance
    from hitless.gather.instance import Gathering

__all__ = [
    "SeveralInstances",
    "TargetOptions",
    "as_if_started",
    "instance_key",
    "read_target",
    "with_configuration",
]

_PID_FILE_LIMIT_BYTES = 4096


class SeveralInstances(UsageError):  # noqa: N818 - what there is, not what went wrong
    """Several HAProxies run, and the words do not say which one is meant."""


@dataclass(frozen=True, slots=True)
class TargetOptions:
    """Which of several HAProxies is meant; without any word there must be just one."""

    pid: int | None = None
    pid_file: str = ""
    unit: str = ""
    configuration: str = ""
    """The one that uses this configuration file."""
    master_socket: str = ""
    """The one whose master has this CLI (-S)."""
    haproxy: str = ""
    """The program that the reload will run, where it cannot be seen."""


def read_target(options: TargetOptions, *, views: bool = True) -> Target:
    """Return the one running instance that is meant; with `views` also what its processes say of themselves.

    Raises: UsageError if there is none, or several; HostError if processes cannot be seen.
    """
    host = HostRoot()
    service = _find(options, host)
    budget = Budget()
    gathering = gather_instance(
        service, host, GatherOptions(check=False, keywords=False, haproxy=options.haproxy), budget
    )
    model = model_of(gathering)
    if views:
        read_views(gathering, model)
    return _target(gathering, model)


def as_if_started(target: Target, arguments: Sequence[str], *, program: str = "") -> Target:
    """Return the target as if its main process had been started by this command line: other files, another mode.

    `program` is another program than the one that runs. Processes are as they are.
    """
    main = target.master or target.current
    processes = [
        msgspec.structs.replace(p, arguments=tuple(arguments)) if main and p.pid == main.pid else p
        for p in target.processes
    ]
    options = GatherOptions(check=False, keywords=False, haproxy=program)
    gathering = gather_instance(Service(processes, target.instance.unit), HostRoot(), options, Budget())
    gathering.set(processes=target.instance.processes)
    return _target(gathering, model_of(gathering))


def _target(gathering: Gathering, model: Model) -> Target:
    instance = gathering.instance
    snapshot = Snapshot(tool_version="", taken_at="", instances=(instance,))
    return Target(
        instance=instance,
        subject=Subject(snapshot, instance),
        place=gathering.place,
        environment=gathering.environment,
        directory=instance.launch.working_directory if instance.launch else "/",
        master_address=next(iter(master_addresses(gathering)), ("", ""))[0],
        stats_addresses=tuple(address for address, _ in stats_addresses(gathering, model)),
        current_started_at=_started_at(instance),
    )


def _started_at(instance: Instance) -> float:
    """Return when the process that serves was started: by the kernel, since its age is of the moment of the look."""
    serving = [p for p in instance.processes or () if p.generation == 0]
    if not serving:
        return 0.0
    try:
        ticks = read_start_ticks(serving[0].pid)
    except HostError:
        return 0.0
    since_boot_s = ticks / os.sysconf("SC_CLK_TCK")
    return time.time() - (time.clock_gettime(time.CLOCK_BOOTTIME) - since_boot_s)


def with_configuration(target: Target, texts: Mapping[str, bytes]) -> Target:
    """Return the target as it would be with other bytes in its configuration files, by path.

    Raises: UsageError if it does not use one of the files.
    """
    files = {file.path for file in target.instance.configuration}
    unknown = sorted(set(texts) - files)
    if unknown:
        raise UsageError(f"{unknown[0]} is no configuration file of {target.instance.name}.")
    configuration = tuple(
        configuration_file(file.path, texts[file.path]) if file.path in texts else file
        for file in target.instance.configuration
    )
    instance = msgspec.structs.replace(target.instance, configuration=configuration)
    snapshot = Snapshot(tool_version="", taken_at="", instances=(instance,))
    return replace(target, instance=instance, subject=Subject(snapshot, instance))


def _find(options: TargetOptions, host: HostRoot) -> Service:
    processes, _ = read_haproxy_processes(host)
    units, _ = read_units(host, sorted({process.unit for process in processes if process.unit}))
    services = [service for service in find_services(processes, units) if service.processes]
    if not services:
        raise UsageError(
            "No HAProxy is running here that can be seen.",
            hint="Start it first; or run hitless as root, in HAProxy's process namespace.",
        )
    pid = options.pid or (_read_pid_file(options.pid_file, services) if options.pid_file else None)
    chosen = choose(
        services,
        GatherOptions(pid=pid, unit=options.unit, configuration=options.configuration),
        configuration_option="--uses",
    )
    if options.master_socket:
        chosen = [s for s in chosen if options.master_socket in _master_sockets(s)]
        if not chosen:
            raise UsageError(
                f"No running HAProxy has its master CLI at {options.master_socket}.", hint=_there_is(services)
            )
    if len(chosen) > 1:
        raise SeveralInstances(
            f"{len(chosen)} HAProxies run here; which one is meant?",
            hint=f"Choose with --unit, --pid, --pid-file, --uses or --master-socket. {_there_is(chosen)}",
        )
    return chosen[0]


def _master_sockets(service: Service) -> tuple[str, ...]:
    return parse_arguments(service.arguments).master_socket_paths


def _there_is(services: Sequence[Service]) -> str:
    return "There is:\n" + "\n".join(f"  {service.describe()}" for service in services[:40])


def _read_pid_file(path: str, services: Sequence[Service]) -> int:
    """Return the process that a pid file names, if it is one of HAProxy's: the number may mean another one by now."""
    try:
        with Path(path).open("rb") as file:
            words = file.read(_PID_FILE_LIMIT_BYTES).split()
    except OSError as error:
        raise UsageError(f"The pid file {path} cannot be read: {error.strerror}.") from error
    known = {process.pid for service in services for process in service.processes}
    pids = [int(word) for word in words if word.isdigit() and len(word) <= 10]
    if not pids or len(pids) != len(words):
        raise UsageError(f"{path} is no pid file.", hint=_there_is(services))
    found = [pid for pid in pids if pid in known]
    if not found:
        raise UsageError(
            f"{path} says {pids[0]}, which is {_what_is(pids[0])}, and no HAProxy.",
            hint=f"The file is stale, or of another service. {_there_is(services)}",
        )
    return found[0]


def _what_is(pid: int) -> str:
    try:
        return f"the process {read_status(pid).name}"
    except HostError:
        return "no process"


def instance_key(target: Target) -> str:
    """Return a name for the files that are kept about an instance: the same across its reloads and restarts."""
    arguments = target.subject.arguments
    unit = target.instance.unit.name if target.instance.unit else ""
    namespace = next((p.network_namespace for p in target.processes if p.network_namespace), 0)
    words = (unit,) if unit else (*arguments.files, target.directory, arguments.pid_file, str(namespace))
    digest = hashlib.sha256("\0".join(words).encode("utf-8", "surrogateescape")).hexdigest()[:12]
    name = unit or Path(next(iter(arguments.files), "haproxy")).name
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name)[:60]
    return f"{plain.lstrip('.') or 'haproxy'}-{digest}"
