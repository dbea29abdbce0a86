"""Build the scene inside the sandbox: stand-ins, the world around HAProxy, HAProxy itself, until it serves."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hitless.clock import now_ns
from hitless.config import build_model, read_files
from hitless.control.binary import HaproxyBinary, read_binary
from hitless.errors import ConfigError, SandboxError
from hitless.prove import describe
from hitless.prove.acceptance import Acceptance
from hitless.prove.conduct import alerts
from hitless.prove.ground import prepare_ground
from hitless.prove.protocol import Progress, ProvePlan, Watch
from hitless.prove.targets import Targets, find_targets, without_removed
from hitless.reload.instance import Instance, create_instance, master_socket
from hitless.reload.launch import Launch, MessageReader
from hitless.reload.mechanism import Mechanism, Mode, Via, choose_mechanism
from hitless.reload.observe import Observer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import ExitStack

    from hitless.config.model import Model
    from hitless.config.tree import ConfigFile
    from hitless.prove.channel import Channel
    from hitless.records import Event, StandIn
    from hitless.reload.instance import Reply
    from hitless.sandbox.world.records import WorldPlan

__all__ = ["Scene", "build_scene"]

MAX_STARTS = 4
START_DEADLINE_S = 20.0
START_POLL_S = 0.02
ANSWER_DEADLINE_S = 10.0


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything stands; HAProxy serves."""

    binary: HaproxyBinary
    model: Model
    changed: Model
    """What is reloaded into; `model` itself if nothing is changed."""
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
    model = _model(files, plan, binary)
    changed = _model(read_files(plan.change_files), plan, binary) if plan.change_files else model
    mechanism = choose_mechanism(
        Via(plan.via),
        Mode(plan.mode) if plan.mode else None,
        version=binary.version[:2],
        transfer_socket=describe.transfer_socket(model),
    )
    channel.say(Progress(stage="world"))
    ground = prepare_ground(
        [model] if changed is model else [model, changed], plan, channel, directory_fd, stack
    )
    targets = without_removed(
        find_targets(model, ground.reach, binary.version[:2]),
        find_targets(changed, ground.reach, binary.version[:2]),
    )
    launch = Launch(
        binary=binary.path,
        files=plan.files,
        extra_arguments=plan.extra_arguments,
        environment=plan.environment,
        working_directory=plan.working_directory,
    )
    channel.say(Progress(stage="check"))
    acceptance = Acceptance(
        binary, launch, mechanism.mode, ground.tier, model, files, ground.directory, list(ground.stand_ins)
    )
    acceptance.check()
    if plan.change_files:
        _provide_for_change(acceptance, changed, plan)
    _watch(channel, targets, describe.watched(model) | describe.watched(changed))
    channel.say(Progress(stage="start", detail=f"{binary.version_text}, {mechanism.mode}"))
    messages = MessageReader(channel.emit)
    stack.callback(messages.close)
    instance = create_instance(
        launch,
        mechanism,
        messages,
        runtime_directory=ground.directory,
        transfer_socket=describe.transfer_socket(model),
    )
    stack.callback(instance.stop)
    observer = Observer(
        instance.serving_pids, describe.watched(model), after_reload=describe.watched(changed)
    )
    stack.callback(observer.close)
    _start(instance, observer, messages, acceptance, channel)
    return Scene(
        binary=binary,
        model=model,
        changed=changed,
        mechanism=mechanism,
        instance=instance,
        messages=messages,
        observer=observer,
        targets=targets,
        world=ground.world,
        stand_ins=tuple(acceptance.stand_ins),
        master_socket=master_socket(plan.extra_arguments, ground.directory),
    )


def _provide_for_change(acceptance: Acceptance, changed: Model, plan: ProvePlan) -> None:
    """Provide what the changed configuration lacks here.

    What HAProxy refuses in it stays refused: then the reload fails, as the service's would.
    """
    launch = replace(acceptance.launch, files=plan.change_files)
    files = read_files(plan.change_files)
    replace(acceptance, launch=launch, model=changed, files=files).provide()


def _model(files: Sequence[ConfigFile], plan: ProvePlan, binary: HaproxyBinary) -> Model:
    environment = {"HAPROXY_LOCALPEER": socket.gethostname(), **plan.environment}
    return build_model(files, environment=environment, version=binary.version[:2], features=binary.features)


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
