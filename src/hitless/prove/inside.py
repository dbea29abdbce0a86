"""`python -m hitless.prove.inside`: the child that does everything that happens in the sandbox, or beside a live proxy.

Reads its plan from one descriptor, speaks through another, keeps what it records in the bundle's directory, which it
can reach by descriptor only. Ends when its control pipe does.
"""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import msgspec

from hitless.errors import ExitCode, HitlessError
from hitless.host.inet_diag import read_listeners
from hitless.load.runner import LoadProcesses
from hitless.prove.channel import Channel
from hitless.prove.conduct import Pace, Proxy, conduct
from hitless.prove.facts import RunFacts
from hitless.prove.protocol import Failure, Finished, Progress, ProvePlan
from hitless.records import LoadPlan, Workload
from hitless.reload.mechanism import Via
from hitless.reload.observe import Observer
from hitless.sandbox.network import read_sysctls

if TYPE_CHECKING:
    from hitless.evidence.model import CounterReading

__all__ = ["main"]

PRESSURE_SOURCES = 16
FURTHER_RELOADS = 40
"""Without socket transfer one reload in some hits a queue that is not empty just then (measured: one in four)."""
MIGRATE = "net.ipv4.tcp_migrate_req"
PLAN_LIMIT_BYTES = 16 * 1024 * 1024


def main(arguments: list[str] | None = None) -> int:
    """Run the plan and return the exit status."""
    parser = argparse.ArgumentParser()
    for name in ("--plan-fd", "--output-fd", "--control-fd", "--directory-fd"):
        parser.add_argument(name, type=int, required=True)
    words = parser.parse_args(arguments)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is hitless's; it tells us by the control pipe
    with os.fdopen(words.plan_fd, "rb") as file:
        plan = msgspec.json.decode(file.read(PLAN_LIMIT_BYTES), type=ProvePlan)
    channel = Channel(words.output_fd, words.control_fd, words.directory_fd)
    try:
        finished = _run(plan, channel, words.directory_fd)
    except HitlessError as error:
        channel.close()
        channel.say(Failure(message=error.message, hint=error.hint, exit_code=int(error.exit_code)))
        return ExitCode.UNKNOWN
    channel.close()
    channel.say(finished)
    return ExitCode.CLEAN


def _run(plan: ProvePlan, channel: Channel, directory_fd: int) -> Finished:
    with ExitStack() as stack:
        if plan.live is not None:
            from hitless.prove.live import prepare_live

            return _conduct(plan, *prepare_live(plan, channel, stack), channel, directory_fd, stack)
        from hitless.prove.prepare import prepare_sandboxed

        return _conduct(
            plan, *prepare_sandboxed(plan, channel, directory_fd, stack), channel, directory_fd, stack
        )


def _conduct(
    plan: ProvePlan,
    proxy: Proxy,
    observer: Observer,
    load_plan: LoadPlan,
    facts: RunFacts,
    channel: Channel,
    directory_fd: int,
    stack: ExitStack,
) -> Finished:
    load = stack.enter_context(LoadProcesses(load_plan, directory_fd))
    stack.enter_context(_pressure(plan, load_plan))
    migrates = read_sysctls([MIGRATE]).get(MIGRATE) == "1"
    further = FURTHER_RELOADS if facts.via == Via.SF and not migrates else 0
    pace = Pace(plan.reloads, plan.control_s, plan.spacing_s, plan.settle_s, further)
    listeners = [one for one in read_listeners() if one.endpoint in observer.endpoints]
    facts = msgspec.structs.replace(
        facts,
        initial_pids=tuple(sorted(proxy.serving_pids())),
        initially_open=tuple(one.endpoint for one in listeners),
        v6_only=tuple(one.endpoint for one in listeners if one.v6_only),
        tcp_migrate_req=migrates,
    )
    counters: list[CounterReading] = conduct(proxy, load, observer, channel, pace)
    channel.say(Progress(stage="judge"))
    return Finished(facts=facts, counters=tuple(counters))


@contextmanager
def _pressure(plan: ProvePlan, load: LoadPlan) -> Iterator[None]:
    """At full rate, keep the accept queue of the first IPv4 target from running empty as long as this lasts."""
    full = (s.target for s in load.streams if s.workload is Workload.CONNECT and not s.rate_per_s)
    target = next((t for t in full if t.port and ":" not in t.address and t.source_address), None)
    if target is None or plan.live is not None:
        yield
        return
    sources = [f"198.18.{plan.client_network}.{host}" for host in range(1, PRESSURE_SOURCES + 1)]
    command = [
        sys.executable,
        "-P",
        "-m",
        "hitless.load.pressure",
        target.address,
        str(target.port),
        *sources,
    ]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    sys.exit(main())
