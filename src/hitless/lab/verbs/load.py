"""The step that proves: clients of every kind, a control period, the scenario's reloads, and what came of it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from hitless.errors import HitlessError, SandboxError
from hitless.lab.verbs.service import compare_sockets
from hitless.prove import describe
from hitless.prove.live import prepare_live
from hitless.prove.run_plan import Prepared, run_plan
from hitless.reload.instance import Reply

if TYPE_CHECKING:
    from hitless.lab.stage import Stage
    from hitless.prove.facts import RunFacts
    from hitless.prove.live import LiveProxy
    from hitless.prove.protocol import ProvePlan
    from hitless.records import Event

__all__ = ["VERBS", "run_reload"]


@dataclass(slots=True)
class _StagedProxy:
    """The HAProxy of the stage as `conduct` sees it: reloaded by the scenario's steps, its messages at hand."""

    stage: Stage
    live: LiveProxy

    def trigger(self) -> Reply:
        """Do the steps of one reload. A reload that says itself that it failed is told as such."""
        self.stage.under_load = True
        try:
            run_reload(self.stage)
        except HitlessError as error:
            return Reply(ok=False, text=error.message)
        finally:
            self.stage.under_load = False
        return Reply(ok=None)

    def serving_pids(self) -> frozenset[int]:
        return self.live.serving_pids()

    def taken_over(self, pid: int) -> None:
        """Nothing has to be done."""

    def exit_status(self) -> int | None:
        """Return a status once the service is gone for good: a restart stops and starts it in one reload."""
        stage = self.stage
        if stage.under_load or stage.haproxies():
            return None
        status = stage.master.poll() if stage.master is not None else 0
        return 0 if status is None else status

    def messages_since(self, t_ns: int) -> list[Event]:
        return self.stage.messages.since(t_ns)


def run_reload(stage: Stage) -> None:
    """Do the steps that make one reload of this scenario."""
    from hitless.lab.verbs import run_step

    for line in stage.plan.scenario.variant(stage.plan.variant).reload:
        run_step(stage, line)


def load(stage: Stage) -> None:
    """Let clients come, reload under them, and judge: `load`. At most once in a scenario.

    The verdict's numbers are observed by the parent (docs/scenarios.md); here `sockets`: whether the listening sockets
    are the "same", "new", or "some" of them new afterwards.
    """
    if stage.finished is not None:
        raise SandboxError("a scenario has the step `load` once")
    settings = stage.plan.scenario.load
    plan = msgspec.structs.replace(stage.plan.prove, live=stage.live_target())
    before = stage.listening()
    with ExitStack() as stack:
        live, observer, load_plan, facts = prepare_live(plan, stage.channel, stack)
        prepared = Prepared(
            _StagedProxy(stage, live),
            observer,
            load_plan,
            _facts(stage, plan, facts),
            further_reloads=settings.further_reloads if stage.plan.variant == "broken" else 0,
        )
        stage.finished = run_plan(plan, prepared, stage.channel, stage.directory_fd, stack)
    stage.observe("sockets", compare_sockets(before, stage.listening()))


def _facts(stage: Stage, plan: ProvePlan, facts: RunFacts) -> RunFacts:
    """Add what only who knows the configuration can tell: it decides between causes."""
    model = stage.model()
    assert stage.binary is not None
    version = stage.binary.version[:2]
    target = facts.streams[0].target
    mine = next(
        (
            one
            for one in describe.frontend_facts(model, version)
            for proxy in model.frontends
            if proxy.name == one.name and any(a.port == target.port for b in proxy.binds for a in b.addresses)
        ),
        None,
    )
    frontends = (
        tuple(msgspec.structs.replace(mine, name=one.name) for one in facts.frontends)
        if mine
        else facts.frontends
    )
    return msgspec.structs.replace(
        facts,
        haproxy_version=stage.binary.version_text,
        haproxy_path=plan.haproxy,
        mode=stage.plan.mode,
        frontends=frontends,
        fix_places=describe.fix_places(model),
        hard_stop_after_s=describe.hard_stop_after_s(model),
        mworker_max_reloads=describe.mworker_max_reloads(model, version),
        close_spread_time=describe.close_spread_time(model),
    )


VERBS = {"load": load}
