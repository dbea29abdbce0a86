"""The ground that a scene is built on, by tier: what stands in, who plays the servers, where clients come from.

In a sandbox everything is private and anything may be provided. On the host's own loopback nothing is: only what the
configuration finds there may be used, and nothing of the host is written but a private directory for our sockets.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hitless.config.hints import request_hints
from hitless.errors import SandboxError
from hitless.prove import describe
from hitless.prove.targets import Reachability
from hitless.sandbox.entry import TierKind
from hitless.sandbox.loopback import LoopbackFacts, paths_made, require_loopback
from hitless.sandbox.network import format_port_list, write_sysctls
from hitless.sandbox.private_files import place_file
from hitless.sandbox.standins import certificate_names, plan_stand_ins
from hitless.sandbox.world.hosts import parse_hosts
from hitless.sandbox.world.plan import plan_world
from hitless.sandbox.world.process import WorldProcess
from hitless.sandbox.write_standins import known_groups, known_users, read_path_state, write_stand_ins

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import ExitStack

    from hitless.config.model import Model
    from hitless.prove.channel import Channel
    from hitless.prove.protocol import ProvePlan
    from hitless.records import StandIn
    from hitless.sandbox.world.records import WorldPlan
    from hitless.sandbox.write_standins import WorldCertificates

__all__ = ["Ground", "prepare_ground"]

SANDBOX_DIRECTORY = "/run/hitless"
WORLD_DEADLINE_S = 20.0
EVENTS_FILE = "events-world.jsonl"
HOSTS_LIMIT_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Ground:
    """What the scene stands on. `directory` is private and takes the master CLI's socket."""

    tier: TierKind
    directory: str
    stand_ins: tuple[StandIn, ...]
    world: WorldPlan
    reach: Reachability


def prepare_ground(
    models: Sequence[Model], plan: ProvePlan, channel: Channel, directory_fd: int, stack: ExitStack
) -> Ground:
    """Provide what the configurations name and start their world; what must be taken down goes onto `stack`.

    `models`: the configuration that runs first, and the changed one, if there is one.

    Raises: SandboxError if the loopback tier cannot take this configuration, or the world cannot be started.
    """
    tier = TierKind(plan.tier)
    if tier is TierKind.LOOPBACK:
        if plan.change_files:
            raise SandboxError(
                "--change needs a private namespace: on this machine's own files it would overwrite the configuration.",
                hint="To get a namespace: " + "; ".join(plan.tier_why),
            )
        for model in models:
            require_loopback(model, _loopback_facts(), why_no_namespace=plan.tier_why)
            stack.callback(_remove, paths_made(model))
        directory = tempfile.mkdtemp(prefix="hitless-")
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        stand_ins, certificates = write_stand_ins((), directory=directory)
    else:
        directory = SANDBOX_DIRECTORY
        stand_ins, certificates = _provide(models, plan, tier)
        _reserve_ports(models)
    world = _plan_world(models, tier, certificates)
    process = _start_world(world, tier, directory_fd, stack)
    stack.enter_context(channel.watching([process.process_fd], process.check))
    return Ground(tier, directory, stand_ins, world, _reachability(plan, tier, certificates))


def _provide(
    models: Sequence[Model], plan: ProvePlan, tier: TierKind
) -> tuple[tuple[StandIn, ...], WorldCertificates]:
    asked = [wanted.request.host for wanted in plan.requests if wanted.request.host]
    stand_ins: dict[tuple[str, str], StandIn] = {}
    for model in models:
        plans = plan_stand_ins(
            model,
            exists=read_path_state,
            tier=tier,
            users=known_users(),
            groups=known_groups(),
            host_names=tuple(dict.fromkeys((*asked, *_routed_hosts(model)))),
        )
        names = certificate_names(model)
        written, certificates = write_stand_ins(plans, directory=SANDBOX_DIRECTORY, server_names=names)
        stand_ins |= {(one.kind, one.name): one for one in written}
    return tuple(stand_ins.values()), certificates


def _routed_hosts(model: Model) -> Iterator[str]:
    """Yield the host names that rules speak of: self-made certificates are for them, too."""
    for frontend in model.frontends:
        yield from request_hints(frontend, model).hosts


def _reserve_ports(models: Sequence[Model]) -> None:
    """Keep outgoing connections off the ports that HAProxy binds: a restart could not bind them again."""
    ports = {int(endpoint.rpartition(":")[2]) for model in models for endpoint in describe.watched(model)}
    refused = write_sysctls({"net.ipv4.ip_local_reserved_ports": format_port_list(ports)})
    if refused:
        raise SandboxError(f"The sandbox's ports cannot be reserved: {refused}")


def _loopback_facts() -> LoopbackFacts:
    first = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text(encoding="ascii")
    is_root = os.geteuid() == 0
    return LoopbackFacts(
        exists=read_path_state, is_free=_is_free, first_port=0 if is_root else int(first), is_root=is_root
    )


def _remove(paths: Iterable[str]) -> None:
    """Remove what HAProxy has left: it does not remove its sockets when it ends."""
    for path in paths:
        with suppress(OSError):  # it was never made, or HAProxy itself has removed it
            Path(path).unlink()


def _is_free(address: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # as HAProxy: what is in TIME_WAIT does not count
        try:
            probe.bind((address, port))
        except OSError:
            return False
        return True


def _plan_world(models: Sequence[Model], tier: TierKind, certificates: WorldCertificates) -> WorldPlan:
    return _join(
        [
            plan_world(
                model,
                local_names=_local_names(),
                certificate=certificates.server,
                ipv6=_has_ipv6(),
                private=tier is not TierKind.LOOPBACK,
            )
            for model in models
        ]
    )


def _start_world(world: WorldPlan, tier: TierKind, directory_fd: int, stack: ExitStack) -> WorldProcess:
    if tier is not TierKind.LOOPBACK:
        place_file("/etc/resolv.conf", world.resolv_conf.encode("ascii"))
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    events_fd = os.open(EVENTS_FILE, flags, 0o600, dir_fd=directory_fd)
    stack.callback(os.close, events_fd)
    process = stack.enter_context(WorldProcess(world, events_fd=events_fd))
    ready = process.wait_ready(WORLD_DEADLINE_S)
    if ready.failed:
        first = ready.failed[0]
        raise SandboxError(
            f"{len(ready.failed)} simulated servers could not be started, the first at {first.endpoint}: "
            f"{first.error}.",
            hint="The configuration's servers and binds may claim the same address and port.",
        )
    return process


def _join(worlds: Sequence[WorldPlan]) -> WorldPlan:
    """Return one world for all configurations; where two expect something at one place, the first one's is there."""
    endpoints = {
        (one.role, one.transport, one.where): one for world in reversed(worlds) for one in world.endpoints
    }
    names = {one.name: one for world in reversed(worlds) for one in world.names}
    cannot = {(one.backend, one.server): one for world in reversed(worlds) for one in world.cannot_imitate}
    return msgspec.structs.replace(
        worlds[0],
        endpoints=tuple(endpoints.values()),
        names=tuple(names.values()),
        cannot_imitate=tuple(cannot.values()),
    )


def _local_names() -> dict[str, tuple[str, ...]]:
    """Return what /etc/hosts says; nothing where it cannot be read."""
    try:
        with Path("/etc/hosts").open("rb") as file:
            return parse_hosts(file.read(HOSTS_LIMIT_BYTES).decode("utf-8", "replace"))
    except OSError:
        return {}


def _reachability(plan: ProvePlan, tier: TierKind, certificates: WorldCertificates) -> Reachability:
    if tier is TierKind.LOOPBACK:
        return Reachability("127.0.0.1", "::1", client_certificate=certificates.client, ipv6=_has_ipv6())
    # 198.18.0.0/15 is for benchmarks (RFC 2544 C.2.2), 2001:db8::/32 for documentation (RFC 3849): nobody's. Clients
    # come from 10.0.0.0/8, which lists of allowed sources have in them if any.
    return Reachability(
        any_ipv4="198.18.255.1",
        any_ipv6="2001:db8:18:ffff::1",
        source_ipv4=f"10.{plan.client_network}",
        source_ipv6=f"2001:db8:18:{plan.client_network:x}",
        client_certificate=certificates.client,
        ipv6=_has_ipv6(),
    )


def _has_ipv6() -> bool:
    return Path("/proc/net/if_inet6").exists()
