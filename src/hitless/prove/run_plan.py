"""What every run has in common once its proxy, its load and its facts stand: the pressure, the pace, the conduct."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from hitless.host.inet_diag import read_listeners
from hitless.load.runner import LoadProcesses
from hitless.prove.channel import Channel
from hitless.prove.conduct import Pace, Proxy, conduct
from hitless.prove.facts import RunFacts
from hitless.prove.protocol import Finished, Progress, ProvePlan
from hitless.records import LoadPlan, Workload
from hitless.reload.mechanism import Via
from hitless.reload.observe import Observer
from hitless.sandbox.network import read_sysctls

if TYPE_CHECKING:
    from hitless.evidence.model import CounterReading

__all__ = ["Prepared", "run_plan"]

PRESSURE_SOURCES = 16
FURTHER_RELOADS = 40
"""Without socket transfer one reload in some hits a queue that is not empty just then (measured: one in four)."""
MIGRATE = "net.ipv4.tcp_migrate_req"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run that can begin. `further_reloads`: where harm is a matter of chance, until a client has been hurt."""

    proxy: Proxy
    observer: Observer
    load_plan: LoadPlan
    facts: RunFacts
    further_reloads: int | None = None
    """None: as the way of reloading and the kernel's settings want it."""


def run_plan(
    plan: ProvePlan, prepared: Prepared, channel: Channel, directory_fd: int, stack: ExitStack
) -> Finished:
    """Run it; return what the parent is told.

    Raises: what `conduct` raises.
    """
    load = stack.enter_context(LoadProcesses(prepared.load_plan, directory_fd))
    stack.enter_context(_pressure(plan, prepared.load_plan))
    migrates = read_sysctls([MIGRATE]).get(MIGRATE) == "1"
    further = prepared.further_reloads
    if further is None:
        further = FURTHER_RELOADS if prepared.facts.via == Via.SF and not migrates else 0
    pace = Pace(plan.reloads, plan.control_s, plan.spacing_s, plan.settle_s, further)
    listeners = [one for one in read_listeners() if one.endpoint in prepared.observer.endpoints]
    facts = msgspec.structs.replace(
        prepared.facts,
        initial_pids=tuple(sorted(prepared.proxy.serving_pids())),
        initially_open=tuple(one.endpoint for one in listeners),
        v6_only=tuple(one.endpoint for one in listeners if one.v6_only),
        tcp_migrate_req=migrates,
    )
    counters: list[CounterReading] = conduct(prepared.proxy, load, prepared.observer, channel, pace)
    channel.say(Progress(stage="judge"))
    return Finished(facts=facts, counters=tuple(counters))


@contextmanager
def _pressure(plan: ProvePlan, load: LoadPlan) -> Iterator[None]:
    """At full rate, keep the accept queue of the first IPv4 target from running empty as long as this lasts."""
    full = (s.target for s in load.streams if s.workload is Workload.CONNECT and not s.rate_per_s)
    target = next((t for t in full if t.port and ":" not in t.address and t.source_address), None)
    if target is None or (plan.live is not None and not plan.live.private):
        yield
        return
    command = [
        sys.executable,
        "-P",
        "-m",
        "hitless.load.pressure",
        target.address,
        str(target.port),
        *_pressure_sources(plan),
    ]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _pressure_sources(plan: ProvePlan) -> list[str]:
    """Return addresses that no other client uses: nobody's where every address answers, else loopback's."""
    network = f"198.18.{plan.client_network}" if plan.live is None else f"127.19.{plan.client_network}"
    return [f"{network}.{host}" for host in range(1, PRESSURE_SOURCES + 1)]
