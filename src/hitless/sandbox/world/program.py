"""The world's process: reads its plan, serves until its stdin ends or SIGTERM comes."""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import resource
import signal
import sys
from typing import TYPE_CHECKING

import msgspec

from hitless.sandbox.syscalls import set_parent_death_signal
from hitless.sandbox.world.records import Ready, WorldPlan
from hitless.sandbox.world.servers.events import EventWriter
from hitless.sandbox.world.servers.world import World

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

__all__ = ["main"]

_PLAN_SIZE_BYTES = 256 * 1024 * 1024


def main(arguments: Sequence[str]) -> int:
    """Run the world; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m hitless.sandbox.world")
    parser.add_argument("--plan-fd", type=int, required=True, help="where to read the plan, as JSON")
    parser.add_argument("--events-fd", type=int, required=True, help="where to write events, as JSON lines")
    options = parser.parse_args(arguments)
    set_parent_death_signal(signal.SIGKILL)
    _raise_descriptor_limit()
    plan = _read_plan(options.plan_fd)
    # A connection's objects refer to each other only while it lives: there is nothing to collect.
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    asyncio.run(_serve(plan, options.events_fd))
    return 0


def _read_plan(descriptor: int) -> WorldPlan:
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(_PLAN_SIZE_BYTES + 1)
    if len(data) > _PLAN_SIZE_BYTES:
        sys.exit(f"the plan is larger than {_PLAN_SIZE_BYTES} bytes")
    return msgspec.json.decode(data, type=WorldPlan)


def _raise_descriptor_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _tls_context(plan: WorldPlan) -> ssl.SSLContext | None:
    if not plan.certificate:
        return None
    from hitless.sandbox.world.servers.tls import server_context

    return server_context(plan.certificate)


async def _serve(plan: WorldPlan, events_descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    events = EventWriter(events_descriptor, loop)
    world = World(plan, loop, events, _tls_context(plan))
    ready = Ready(ready=True, failed=world.open())
    sys.stdout.buffer.write(msgspec.json.encode(ready) + b"\n")
    sys.stdout.buffer.flush()
    loop.add_reader(0, _watch_stdin, stopped)
    await stopped.wait()
    world.close()
    if world.refused_accepts:
        events.note(
            "connections to the simulated servers waited for descriptors or memory", world.refused_accepts
        )
    if world.lost_datagrams:
        events.note("datagrams (log lines, DNS queries) were lost in the kernel", world.lost_datagrams)
    events.close()


def _watch_stdin(stopped: asyncio.Event) -> None:
    if not os.read(0, 4096):
        asyncio.get_running_loop().remove_reader(0)
        stopped.set()
