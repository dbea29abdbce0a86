"""Prepare a run in the sandbox: the scene, a request for each frontend, the clients, and what the verdict must know."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hitless.config.hints import request_hints
from hitless.errors import UsageError
from hitless.prove import describe
from hitless.prove.certificate_names import names_for_strict_binds
from hitless.prove.facts import RunFacts
from hitless.prove.load_plan import LoadSize, plan_load
from hitless.prove.probe import probe
from hitless.prove.protocol import Progress
from hitless.prove.requests import NO_ANSWER, candidates, check_frontends, probe_streams
from hitless.prove.scene import Scene, build_scene
from hitless.prove.server_setup import ServerSetup
from hitless.reload.mechanism import Via
from hitless.sandbox.entry import TierKind
from hitless.sandbox.network import read_sysctls
from hitless.verdict import NotCovered

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import ExitStack

    from hitless.config.hints import RequestHints
    from hitless.config.model import Model
    from hitless.config.model import Proxy as HaproxyProxy
    from hitless.prove.channel import Channel
    from hitless.prove.protocol import ProvePlan
    from hitless.records import Event, LoadPlan, Request
    from hitless.reload.instance import Reply
    from hitless.reload.observe import Observer

__all__ = ["prepare_sandboxed"]


@dataclass(slots=True)
class _Reloadable:
    """The scene as `conduct` sees it.

    Before the first reload the changed configuration is put in place; in each new worker the servers that no simulated
    one can satisfy are held up.
    """

    scene: Scene
    setup: ServerSetup
    changes: tuple[tuple[str, str], ...]

    def trigger(self) -> Reply:
        for source, target in self.changes:
            shutil.copyfile(source, target)
        self.changes = ()
        return self.scene.trigger()

    def serving_pids(self) -> frozenset[int]:
        return self.scene.serving_pids()

    def taken_over(self, pid: int) -> None:
        self.setup.apply(pid)

    def exit_status(self) -> int | None:
        return self.scene.exit_status()

    def messages_since(self, t_ns: int) -> list[Event]:
        return self.scene.messages_since(t_ns)


def prepare_sandboxed(
    plan: ProvePlan, channel: Channel, directory_fd: int, stack: ExitStack
) -> tuple[_Reloadable, Observer, LoadPlan, RunFacts]:
    """Return the proxy, its observer, the load and the facts.

    Raises: whatever the scene raises; UsageError if there is nothing to cover.
    """
    _check_sysctls(plan.sysctls)
    scene = build_scene(plan, channel, directory_fd, stack)
    if not scene.targets.all:
        reasons = "\n".join(f"{one.where}: {one.why}" for one in scene.targets.not_covered)
        raise UsageError(
            "There is nothing to prove: the configuration has no frontend that clients can be sent to."
            + (f"\n{reasons}" if reasons else ""),
            hint="Name all files that the service reads, each with -f; at least one needs a `bind` line.",
        )
    setup = ServerSetup(scene.world.cannot_imitate, scene.master_socket, scene.mechanism.mode)
    for pid in scene.serving_pids():
        setup.apply(pid)
    channel.say(Progress(stage="probe", detail=f"{len(scene.targets.all)} addresses"))
    requests, unanswered, tls_payload = _probe(plan, scene, channel)
    size = LoadSize(
        connections=plan.connections,
        rate_per_s=plan.rate_per_s,
        full_rate=plan.full_rate or scene.mechanism.via is Via.SF,
        workloads=frozenset(plan.workloads),
    )
    load = plan_load(scene.targets, scene.model, requests, size, tls_payload=tls_payload)
    facts = _facts(plan, scene, load, unanswered, setup)
    return _Reloadable(scene, setup, _changes(plan)), scene.observer, load, facts


def _check_sysctls(wanted: Mapping[str, str]) -> None:
    """Raise UsageError unless the namespace has what was asked for: a proof of something else proves nothing."""
    found = read_sysctls(wanted)
    for name, value in wanted.items():
        if found.get(name, "").split() != value.split():
            here = f"it is {found[name]} here" if name in found else "there is none here"
            raise UsageError(
                f"--sysctl {name}={value} could not be set: {here}.",
                hint="Not every kernel has every sysctl, and not every one belongs to a network namespace.",
            )


def _changes(plan: ProvePlan) -> tuple[tuple[str, str], ...]:
    """Return which file replaces which at the first reload.

    Raises: UsageError unless there is one changed file for each file, and a private place to put it.
    """
    if not plan.change_files:
        return ()
    if plan.tier == TierKind.LOOPBACK:
        raise UsageError(
            "--change needs a sandbox: without one the file itself would be overwritten.",
            hint="Run hitless as root, or where user namespaces are allowed.",
        )
    if len(plan.change_files) != len(plan.files) or any(Path(name).is_dir() for name in plan.files):
        raise UsageError(
            f"--change was given {len(plan.change_files)} times for {len(plan.files)} configuration files.",
            hint="Give --change once for each -f FILE, in the same order; directories cannot be changed this way.",
        )
    return tuple(zip(plan.change_files, plan.files, strict=True))


def _probe(
    plan: ProvePlan, scene: Scene, channel: Channel
) -> tuple[dict[str, Request], dict[str, int], frozenset[str]]:
    """Return the request for each frontend, how well each was answered, and which need TLS inside TCP."""
    asked = {wanted.frontend: wanted.request for wanted in plan.requests}
    check_frontends(asked, (proxy.name for proxy in scene.model.frontends))
    hints = {proxy.name: _hints(proxy, scene.model) for proxy in scene.model.frontends}
    modes = {target.frontend: target.mode for target in scene.targets.main}
    tls_payload = frozenset(
        name for name, hint in hints.items() if hint.speaks_tls and modes.get(name) == "tcp"
    )
    tried = {name: candidates(asked.get(name, asked.get("")), hint) for name, hint in hints.items()}
    best = probe(probe_streams(scene.targets.main, tried, tls_payload=tls_payload), channel)
    return (
        {frontend: request for frontend, (request, _) in best.items()},
        {frontend: rank for frontend, (_, rank) in best.items()},
        tls_payload,
    )


def _hints(frontend: HaproxyProxy, model: Model) -> RequestHints:
    hints = request_hints(frontend, model)
    names = names_for_strict_binds(frontend, model)
    return replace(hints, hosts=tuple(dict.fromkeys((*names, *hints.hosts)))) if names else hints


def _facts(
    plan: ProvePlan, scene: Scene, load: LoadPlan, ranks: Mapping[str, int], setup: ServerSetup
) -> RunFacts:
    driven = {target.frontend for target in scene.targets.all}
    remaining = {proxy.name for proxy in scene.changed.frontends}
    frontends = [
        one for one in describe.frontend_facts(scene.model, scene.binary.version[:2]) if one.name in remaining
    ]
    silent = [name for name, rank in ranks.items() if rank >= NO_ANSWER]
    not_covered = list(scene.targets.not_covered) + [
        NotCovered(where=target.where, why="no request got an answer", frontend=target.frontend)
        for target in scene.targets.main
        if target.frontend in silent
    ]
    return RunFacts(
        haproxy_version=scene.binary.version_text,
        haproxy_path=scene.binary.path,
        mode=scene.mechanism.mode,
        via=scene.mechanism.via,
        tier=plan.tier,
        configuration=plan.files,
        streams=load.streams,
        frontends=tuple(frontends),
        not_covered=tuple(not_covered),
        frontend_count=len(frontends),
        covered_count=len(driven - set(silent)),
        stand_ins=scene.stand_ins + setup.stand_ins,
        notes=_notes(scene, ranks),
        fix_places=describe.fix_places(scene.model),
        reloads_requested=plan.reloads,
        hard_stop_after_s=describe.hard_stop_after_s(scene.model),
        mworker_max_reloads=describe.mworker_max_reloads(scene.model, scene.binary.version[:2]),
        close_spread_time=describe.close_spread_time(scene.model),
        endpoints=tuple(sorted(describe.watched(scene.model) & describe.watched(scene.changed))),
    )


_SAYS = {2: "only 4xx (refused or not found)", 3: "only 4xx", 4: "only 5xx"}


def _notes(scene: Scene, ranks: Mapping[str, int]) -> tuple[str, ...]:
    before = {proxy.name for proxy in scene.model.frontends}
    added = [proxy.name for proxy in scene.changed.frontends if proxy.name not in before]
    come = (
        (f"only the changed configuration has {', '.join(added)}: no client was sent there",) if added else ()
    )
    return (
        come
        + tuple(
            f"{frontend} answered every request that was tried with {_SAYS[rank]}: name one that it serves with "
            f"--request '{frontend}=/path'"
            for frontend, rank in ranks.items()
            if rank in _SAYS
        )
        + tuple(scene.model.diagnostics)
    )
