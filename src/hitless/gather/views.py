"""What the processes of a service say over their sockets: the master's CLI, and the stats sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hitless.control.inspect import Deadline, read_master_view, read_worker_view
from hitless.control.version import parse_version
from hitless.facts import Binary, Role, RunMode, Snapshot
from hitless.gather.budget import SPENT
from hitless.gather.program import VERSION
from hitless.host.errors import HostError
from hitless.host.redact import redact_configuration
from hitless.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.model import Address, Model
    from hitless.control.process_state import ConfiguredServers
    from hitless.facts import MasterView, WorkerView
    from hitless.gather.instance import Gathering

__all__ = ["FROM_A_SOCKET", "master_addresses", "model_of", "read_views", "stats_addresses"]

FROM_A_SOCKET = "show info on "
"""How the source of a `Binary` begins whose program must not be run from here."""

_TIMEOUT_S = 15.0
_MOST_SOCKETS = 8
_MOST_WORKERS = 64
_ANY = {"0.0.0.0": "127.0.0.1", "*": "127.0.0.1", "": "127.0.0.1", "::": "::1"}  # noqa: S104 - comparing


def model_of(gathering: Gathering, host_name: str = "") -> Model:
    """Return the typed view of the configuration, as the rules see it."""
    from hitless.facts import Host

    snapshot = Snapshot(
        tool_version="", taken_at="", instances=(gathering.instance,), host=Host(host_name=host_name)
    )
    return Subject(snapshot, gathering.instance).model


def read_views(gathering: Gathering, model: Model) -> None:
    """Ask the master and every process, old ones too; add what they say to the instance."""
    if gathering.budget.spent:
        gathering.note("what its processes say", SPENT)
        return
    deadline = Deadline(gathering.budget.at_most(_TIMEOUT_S))
    master_address, master = _read_master(gathering, deadline)
    configured = _configured_servers(model)
    views: dict[int, WorkerView] = {}
    named = list(stats_addresses(gathering, model))
    if len(named) > _MOST_SOCKETS:
        gathering.note(
            "some stats sockets", f"{len(named)} are configured; the first {_MOST_SOCKETS} were asked"
        )
    for address, shown in named[:_MOST_SOCKETS]:
        view, unknown = read_worker_view(address, shown=shown, configured=configured, deadline=deadline)
        gathering.take(unknown)
        if view is not None:
            views.setdefault(view.pid, view)
    rows = [
        row for row in (master.processes if master else ()) if row.kind == "worker" and row.pid not in views
    ]
    for row in rows[:_MOST_WORKERS]:
        view, unknown = read_worker_view(
            master_address,
            row.pid,
            shown=master.socket if master else "",
            configured=configured,
            deadline=deadline,
        )
        gathering.take(unknown)
        if view is not None:
            views.setdefault(view.pid, view)
    _note_unasked(gathering, views)
    asked = bool(views) or bool(rows)
    gathering.set(master=master, workers=tuple(views.values()) if asked else None)
    _version_from_views(gathering)


def _version_from_views(gathering: Gathering) -> None:
    """Let a program that may not be run from here say its version over its socket; newest process first."""
    instance = gathering.instance
    if instance.binary is not None or instance.assumed_version is not None:
        return
    for view in sorted(instance.workers or (), key=lambda w: w.stopping):
        found = parse_version(f"HAProxy version {view.version}")
        if found is not None:
            path = next((p.executable for p in instance.processes or () if p.pid == view.pid), "")
            source = f"{FROM_A_SOCKET}{view.socket}"
            gathering.set(
                binary=Binary(path=path, version=found.version, version_text=found.text, source=source)
            )
            gathering.unknown = [u for u in gathering.unknown if u.what != VERSION]
            gathering.note("the features and keywords of HAProxy", "its program is not run from here")
            return


def _read_master(gathering: Gathering, deadline: Deadline) -> tuple[str, MasterView | None]:
    instance = gathering.instance
    if instance.mode is not RunMode.MASTER_WORKER:
        return "", None
    addresses = list(master_addresses(gathering))
    if not addresses and not _master_sockets(gathering):
        gathering.note("the master's CLI", "HAProxy was started without -S")
    for address in addresses:
        master, unknown = read_master_view(address[0], shown=address[1], deadline=deadline)
        gathering.take(unknown)
        if master is not None:
            # HAProxy shows the line it cannot read, whatever stands there.
            log = tuple(redact_configuration(line) for line in master.startup_log)
            return address[0], msgspec.structs.replace(master, startup_log=log)
    return "", None


def master_addresses(gathering: Gathering) -> Iterator[tuple[str, str]]:
    """Yield where the master's CLI is reached from here, and its name for people; notes what cannot be reached."""
    for socket in _master_sockets(gathering):
        address = _address_of(socket.split(",", 1)[0], gathering)
        if address is not None:
            yield address


def _master_sockets(gathering: Gathering) -> tuple[str, ...]:
    from hitless.config.arguments import parse_arguments

    launch = gathering.instance.launch
    return parse_arguments(launch.arguments).master_sockets if launch else ()


def _address_of(text: str, gathering: Gathering) -> tuple[str, str] | None:
    """Return where to connect to for an address as -S has it, and its name for people."""
    from hitless.config.addresses import AddressError, parse_address

    try:
        address = parse_address(text, {}, default_port=0)
    except AddressError as error:
        gathering.note(f"the socket {text}", str(error))
        return None
    return _reachable(address, gathering)


def stats_addresses(gathering: Gathering, model: Model) -> Iterator[tuple[str, str]]:
    """Yield where the stats sockets of a configuration are reached from here, and their names for people."""
    for bind in model.stats_sockets:
        for address in bind.addresses:
            reachable = _reachable(address, gathering)
            if reachable is not None:
                yield reachable


def _reachable(address: Address, gathering: Gathering) -> tuple[str, str] | None:
    shown = address.text or address.host
    what = f"the socket {shown}"
    try:
        if address.kind == "unix":
            return gathering.place.socket_address(address.host), address.host
    except HostError as error:
        gathering.note(what, error.message)
        return None
    if not gathering.place.same_network:
        gathering.note(what, "it is in another network namespace")
    elif address.kind == "abns":
        return f"abns@{address.host}", shown
    elif address.kind == "ip" and address.port:
        host = _ANY.get(address.host, address.host)
        return (f"[{host}]:{address.port}" if ":" in host else f"{host}:{address.port}"), shown
    else:
        gathering.note(what, f"an address of this kind is not asked ({address.kind})")
    return None


def _configured_servers(model: Model) -> ConfiguredServers:
    return {
        (proxy.name, server.name): server.address.host if server.address.kind == "ip" else ""
        for proxy in model.proxies
        for server in proxy.servers
    }


def _note_unasked(gathering: Gathering, views: dict[int, WorkerView]) -> None:
    for process in gathering.instance.processes or ():
        if process.role in {Role.WORKER, Role.CLASSIC} and process.pid not in views:
            gathering.note(f"what process {process.pid} says of itself", "no socket led to it")
