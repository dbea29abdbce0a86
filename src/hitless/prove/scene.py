"""Build the scene inside the sandbox: stand-ins, the world around HAProxy, HAProxy itself, until it serves."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hitless.clock import now_ns
from hitless.config import build_model, read_files
from hitless.control.binary import HaproxyBinary, read_binary
from hitless.errors import ConfigError, SandboxError
from hitless.prove import describe
from hitless.prove.acceptance import Acceptance
from hitless.prove.conduct import alerts
from hitless.prove.protocol import Progress, ProvePlan, Watch
from hitless.prove.targets import Reachability, Targets, find_targets
from hitless.records import StandIn
from hitless.reload.instance import Instance, create_instance, master_socket
from hitless.reload.launch import Launch, MessageReader
from hitless.reload.mechanism import Mechanism, Mode, Via, choose_mechanism
from hitless.reload.observe import Observer
from hitless.sandbox.entry import TierKind
from hitless.sandbox.private_files import place_file
from hitless.sandbox.standins import certificate_names, plan_stand_ins
from hitless.sandbox.world.plan import plan_world
from hitless.sandbox.world.process import WorldProcess
from hitless.sandbox.write_standins import (
    WorldCertificates,
    known_groups,
    known_users,
    read_path_state,
    write_stand_ins,
)

if TYPE_CHECKING:
    from contextlib import ExitStack

    from hitless.config.model import Model
    from hitless.prove.channel import Channel
    from hitless.records import Event
    from hitless.reload.instance import Reply
    from hitless.sandbox.world.records import WorldPlan

__all__ = ["Scene", "build_scene"]

RUNTIME_DIRECTORY = "/run/hitless"
MAX_STARTS = 4
START_DEADLINE_S = 20.0
START_POLL_S = 0.02
WORLD_DEADLINE_S = 20.0
EVENTS_FILE = "events-world.jsonl"
ANSWER_DEADLINE_S = 10.0


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything stands; HAProxy serves."""

    binary: HaproxyBinary
    model: Model
    mechanism: Mechanism
    instance: Instance
    messages: MessageReader
    observer: Observer
    targets: Targets
    world: WorldPlan
    stand_ins: tuple[StandIn, ...]
    master_socket: str

    def trigger(self) -> Reply:
        """Reload HAProxy once."""
        return self.instance.trigger()

    def serving_pids(self) -> frozenset[int]:
        """Return the processes that carry traffic."""
        return self.instance.serving_pids()

    def exit_status(self) -> int | None:
        """Return HAProxy's status once it is gone for good."""
        return self.instance.exit_status()

    def messages_since(self, t_ns: int) -> list[Event]:
        """Return what HAProxy printed."""
        return self.messages.since(t_ns)


def build_scene(plan: ProvePlan, channel: Channel, directory_fd: int, stack: ExitStack) -> Scene:
    """Build it; what has to be taken down again goes onto `stack`.

    Raises: ConfigError if HAProxy refuses the configuration; SandboxError, ReloadError, ControlError.
    """
    binary = read_binary(plan.haproxy)
    files = read_files(plan.files)
    model = build_model(
        files, environment=plan.environment, version=binary.version[:2], features=binary.features
    )
    mechanism = choose_mechanism(
        Via(plan.via),
        Mode(plan.mode) if plan.mode else None,
        version=binary.version[:2],
        transfer_socket=describe.transfer_socket(model),
    )
    channel.say(Progress(stage="world"))
    stand_ins, certificates = _write_stand_ins(model, plan)
    reach = _reachability(plan, certificates)
    targets = find_targets(model, reach, binary.version[:2])
    world = _start_world(model, TierKind(plan.tier), certificates, directory_fd, stack)
    launch = Launch(
        binary=binary.path,
        files=plan.files,
        extra_arguments=plan.extra_arguments,
        environment=plan.environment,
        working_directory=plan.working_directory,
    )
    acceptance = Acceptance(
        binary, launch, mechanism.mode, TierKind(plan.tier), model, files, RUNTIME_DIRECTORY, list(stand_ins)
    )
    channel.say(Progress(stage="check"))
    acceptance.check()
    _watch(channel, targets, describe.watched(model))
    channel.say(Progress(stage="start", detail=f"{binary.version_text}, {mechanism.mode}"))
    messages = MessageReader(channel.emit)
    stack.callback(messages.close)
    instance = create_instance(
        launch,
        mechanism,
        messages,
        runtime_directory=RUNTIME_DIRECTORY,
        transfer_socket=describe.transfer_socket(model),
    )
    stack.callback(instance.stop)
    observer = Observer(instance.serving_pids, describe.watched(model))
    stack.callback(observer.close)
    _start(instance, observer, messages, acceptance, channel)
    return Scene(
        binary=binary,
        model=model,
        mechanism=mechanism,
        instance=instance,
        messages=messages,
        observer=observer,
        targets=targets,
        world=world,
        stand_ins=tuple(acceptance.stand_ins),
        master_socket=master_socket(plan.extra_arguments, RUNTIME_DIRECTORY),
    )


def _write_stand_ins(model: Model, plan: ProvePlan) -> tuple[tuple[StandIn, ...], WorldCertificates]:
    plans = plan_stand_ins(
        model,
        exists=read_path_state,
        tier=TierKind(plan.tier),
        users=known_users(),
        groups=known_groups(),
        host_names=_host_names(plan),
    )
    return write_stand_ins(plans, directory=RUNTIME_DIRECTORY, server_names=certificate_names(model))


def _host_names(plan: ProvePlan) -> tuple[str, ...]:
    return tuple(dict.fromkeys(wanted.request.host for wanted in plan.requests if wanted.request.host))


def _reachability(plan: ProvePlan, certificates: WorldCertificates) -> Reachability:
    if plan.tier == TierKind.LOOPBACK:
        return Reachability("127.0.0.1", "::1", client_certificate=certificates.client, ipv6=_has_ipv6())
    return Reachability(
        any_ipv4="198.18.255.1",
        any_ipv6="2001:db8:18:ffff::1",
        source_ipv4=f"198.18.{plan.client_network}",
        source_ipv6=f"2001:db8:18:{plan.client_network:x}::",
        client_certificate=certificates.client,
        ipv6=_has_ipv6(),
    )


def _has_ipv6() -> bool:
    return Path("/proc/net/if_inet6").exists()


def _start_world(
    model: Model, tier: TierKind, certificates: WorldCertificates, directory_fd: int, stack: ExitStack
) -> WorldPlan:
    world = plan_world(model, certificate=certificates.server, ipv6=_has_ipv6())
    if world.resolv_conf and tier is not TierKind.LOOPBACK:
        place_file("/etc/resolv.conf", world.resolv_conf.encode("ascii"))
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    events_fd = os.open(EVENTS_FILE, flags, 0o600, dir_fd=directory_fd)
    stack.callback(os.close, events_fd)
    process = stack.enter_context(WorldProcess(world, events_fd=events_fd))
    ready = process.wait_ready(WORLD_DEADLINE_S)
    if ready.failed:
        first = ready.failed[0]
        raise SandboxError(
            f"{len(ready.failed)} simulated servers could not be started, the first at {first.endpoint}: {first.error}.",
            hint="The configuration's servers and binds may claim the same address and port.",
        )
    return world


def _watch(channel: Channel, targets: Targets, endpoints: frozenset[str]) -> None:
    """Have hitless trace the kernel from here on."""
    clients = {target.source_address for target in targets.all if target.source_address}
    wanted = {target.endpoint for target in targets.all if target.port} | endpoints
    channel.ask(
        Watch(
            endpoints=tuple(sorted(wanted)),
            client_addresses=tuple(sorted(clients)),
            network_namespace=os.stat("/proc/self/ns/net").st_ino,  # noqa: PTH116 - a magic link, not a path
        ),
        timeout_s=ANSWER_DEADLINE_S,
    )


def _start(
    instance: Instance, observer: Observer, messages: MessageReader, acceptance: Acceptance, channel: Channel
) -> None:
    """Start HAProxy; where it refuses for want of something that can be provided, provide it and start again.

    Raises: ConfigError with HAProxy's words; SandboxError if it never listens on all its addresses.
    """
    for _ in range(MAX_STARTS):
        since_ns = now_ns()
        instance.start()
        if _comes_to_serve(instance, observer, channel):
            return
        said = "\n".join(event.text for event in messages.since(since_ns))
        if instance.exit_status() is None:
            raise SandboxError(
                f"HAProxy did not listen on all its addresses within {START_DEADLINE_S:g} s.\n{said}".strip()
            )
        if not acceptance.meet(said):
            raise acceptance.refused(alerts(messages.since(since_ns)).splitlines(), said)
    raise ConfigError(f"HAProxy did not start, whatever was provided.\n{said}")


def _comes_to_serve(instance: Instance, observer: Observer, channel: Channel) -> bool:
    """Wait until one process holds every listening socket; return False if HAProxy ends or time runs out."""
    deadline = time.monotonic() + START_DEADLINE_S
    while time.monotonic() < deadline:
        if observer.serving():
            return True
        if instance.exit_status() is not None:
            return False
        channel.wait(START_POLL_S)
    return False
