"""A host, live or as a tree, with its HAProxy services."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hitless import __version__
from hitless.errors import UsageError
from hitless.facts import Snapshot, Unknown
from hitless.gather.budget import Budget
from hitless.gather.document import rfc3339_now
from hitless.gather.instance import gather_instance
from hitless.gather.services import choose, find_services
from hitless.gather.surroundings import read_host
from hitless.gather.views import model_of, read_views
from hitless.host.errors import HostError
from hitless.host.haproxy_processes import read_haproxy_processes
from hitless.host.machine import read_machine
from hitless.host.root import HostRoot
from hitless.host.systemd import read_units

if TYPE_CHECKING:
    from hitless.facts import Process
    from hitless.gather.options import GatherOptions

__all__ = ["gather_host"]

_PACKAGED = "/etc/haproxy/haproxy.cfg"


def gather_host(options: GatherOptions) -> Snapshot:
    """Return the facts about a host and its HAProxy services.

    Raises: UsageError if there is no HAProxy, or none that was asked for.
    """
    host = _host_root(options.root)
    processes, unknown = _read_processes(host)
    units, unread = read_units(host, sorted({process.unit for process in processes if process.unit}))
    unknown += unread
    packaged = _PACKAGED if _exists(host, _PACKAGED) else ""
    services = choose(find_services(processes, units, packaged=packaged), options)
    machine, problems = read_machine(host)
    unknown += problems
    # The facts about the host are those that the first one sees: one of the host itself, if there is any.
    budget = Budget()
    gatherings = sorted(
        (gather_instance(service, host, options, budget) for service in services),
        key=lambda gathering: gathering.place.foreign or not gathering.place.same_network,
    )
    models = []
    for gathering in gatherings:
        model = model_of(gathering, machine.host_name)
        models.append(model)
        if gathering.main_pid:
            read_views(gathering, model)
        unknown += gathering.unknown
    facts, unseen = read_host(host, machine, gatherings, models, options)
    unknown += unseen
    return Snapshot(
        tool_version=__version__,
        taken_at=rfc3339_now(),
        instances=tuple(gathering.instance for gathering in gatherings),
        host=facts,
        unknown=tuple(dict.fromkeys(unknown)),
    )


def _read_processes(host: HostRoot) -> tuple[tuple[Process, ...], list[Unknown]]:
    if not host.live:
        return (), [
            Unknown(what="HAProxy's processes", why=f"{host.path} is a tree of files: nothing runs in it")
        ]
    processes, unknown = read_haproxy_processes(host)
    return processes, list(unknown)


def _host_root(path: str) -> HostRoot:
    if path == "/":
        return HostRoot()
    absolute = Path(path).absolute()
    if not absolute.is_dir():
        raise UsageError(
            f"--root {path} is no directory.", hint="It names a tree laid out like a host's `/`."
        )
    return HostRoot(absolute, live=False)


def _exists(host: HostRoot, path: str) -> bool:
    try:
        return host.exists(path)
    except HostError:
        return True  # it is there and may not be looked at: that is said when it is read
