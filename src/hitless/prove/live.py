"""Prepare a run against a live proxy: nothing of it is started or changed but by the user's own reload command."""

from __future__ import annotations

import ipaddress
import os
import socket
import subprocess
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hitless.config.arguments import parse_arguments
from hitless.control.binary import read_binary
from hitless.errors import ControlError, LoadError, UsageError
from hitless.evidence.listeners import serving_addresses
from hitless.host.inet_diag import read_listeners
from hitless.host.processes import (
    PROC,
    Denied,
    Gone,
    read_command_line,
    read_executable,
    read_network_namespace,
    read_socket_inodes,
    read_status,
)
from hitless.prove.facts import FrontendFacts, RunFacts
from hitless.prove.load_plan import LoadSize, plan_load
from hitless.prove.protocol import Watch
from hitless.prove.targets import Targets
from hitless.records import LoadPlan, Request, Target
from hitless.reload.instance import Reply
from hitless.reload.mechanism import Mode, Via
from hitless.reload.observe import Observer

if TYPE_CHECKING:
    from contextlib import ExitStack

    from hitless.prove.channel import Channel
    from hitless.prove.protocol import LiveTarget, ProvePlan
    from hitless.records import Event

__all__ = ["LiveProxy", "parse_url", "prepare_live", "watch_kernel"]

COMMAND_DEADLINE_S = 120.0
ANSWER_DEADLINE_S = 10.0
FRONTEND = "live"
REPLY_LIMIT_BYTES = 2_000


@dataclass(slots=True)
class LiveProxy:
    """A proxy known by the processes that hold its listening socket, and reloaded by a command."""

    command: tuple[str, ...]
    identity: tuple[str, int]
    """What its processes have in common: command name (/proc/PID/comm) and network namespace."""
    _identities: dict[int, tuple[str, int]] = field(default_factory=dict)

    def serving_pids(self) -> frozenset[int]:
        """Return its processes that are nobody's master."""
        parents = self._parents()
        return frozenset(parents.keys() - parents.values())

    def has_master(self) -> bool:
        """Whether one of its processes is another's parent."""
        parents = self._parents()
        return not parents.keys().isdisjoint(parents.values())

    def _parents(self) -> dict[int, int]:
        """Return its processes with the parent of each.

        Not those that have ended and that nobody has waited for, nor what a process has forked to run another program.
        """
        pids = {int(entry) for entry in os.listdir(PROC) if entry.isdecimal()}  # noqa: PTH208 - thousands of entries
        self._identities = {pid: found for pid, found in self._identities.items() if pid in pids}
        parents = {}
        for pid in pids:
            try:
                if pid not in self._identities:
                    self._identities[pid] = _identity(pid)
                if self._identities[pid] == self.identity:
                    status = read_status(pid)
                    if not status.has_ended and status.name == self.identity[0]:
                        parents[pid] = status.parent_pid
            except (Gone, Denied):
                continue
        return parents

    def trigger(self) -> Reply:
        """Run the user's command. Its output goes to a file: a daemon that it leaves behind may keep that open."""
        with os.fdopen(os.memfd_create("hitless-reload-command"), "w+b") as output:
            try:
                status = subprocess.run(
                    self.command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    timeout=COMMAND_DEADLINE_S,
                    check=False,
                ).returncode
            except (OSError, subprocess.TimeoutExpired) as error:
                return Reply(ok=False, text=f"{self.command[0]} could not be run: {_why(error)}")
            output.seek(0)
            said = output.read(REPLY_LIMIT_BYTES).decode("utf-8", "backslashreplace").strip()
        return Reply(
            ok=status == 0, text=f"{self.command[0]} ended with status {status}: {said}" if status else ""
        )

    def taken_over(self, pid: int) -> None:
        """Nothing has to be done to a live proxy."""

    def exit_status(self) -> int | None:
        """Return None: whether it is gone shows in its listeners."""
        return None

    def messages_since(self, t_ns: int) -> list[Event]:  # noqa: ARG002 - its messages go elsewhere
        """Return nothing: a live proxy's messages go to its service manager."""
        return []


def _why(error: OSError | subprocess.TimeoutExpired) -> str:
    if isinstance(error, subprocess.TimeoutExpired):
        return f"it had not ended after {error.timeout:g} s and was killed"
    return error.strerror or str(error)


def _identity(pid: int) -> tuple[str, int]:
    name = read_status(pid).name
    arguments = read_command_line(pid)
    if not arguments:  # Linux names a program before it gives it its arguments: fs/exec.c begin_new_exec()
        raise Gone(f"process {pid} is between two programs, or has ended")
    if name == "haproxy" and parse_arguments(arguments).check:
        name = "haproxy -c"  # what an ExecReload= checks with is no new process that has died
    return name, read_network_namespace(pid)


def parse_url(live: LiveTarget, client_network: int) -> tuple[Target, Request]:
    """Return where the URL leads and what is asked there.

    Raises: UsageError if it is no http, https or tcp URL, or names another host without --remote.
    """
    ports = {"http": 80, "https": 443, "tcp": 0}
    try:
        parts = urlsplit(live.url)
    except ValueError as error:
        raise UsageError(f"--url {live.url!r} is no URL: {error}.") from error
    if parts.scheme not in ports or not parts.hostname:
        raise UsageError(f"--url wants http://, https:// or tcp://HOST:PORT, not {live.url!r}.")
    try:
        port = parts.port or ports[parts.scheme]
        address = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)[0][4][0]
    except (OSError, ValueError) as error:
        raise UsageError(f"--url {live.url!r} leads nowhere: {error}.") from error
    if not port:
        raise UsageError(f"--url {live.url!r} needs a port.")
    here = _is_local(str(address))
    if not here and not live.remote:
        raise UsageError(
            f"{parts.hostname} ({address}) is not an address of this host.",
            hint="Run hitless on the proxy's host, where it can see the sockets; or give --remote if you mean it.",
        )
    target = Target(
        frontend=FRONTEND,
        where=live.url,
        address=str(address),
        port=port,
        mode="tcp" if parts.scheme == "tcp" else "http",
        tls=parts.scheme == "https",
        alpn=("h2", "http/1.1") if parts.scheme == "https" else (),
        source_address=_source(str(address), client_network) if here else "",
    )
    path = parts.path or "/"
    query = f"?{parts.query}" if parts.query else ""
    return target, Request(path=path + query, host=parts.netloc.rpartition("@")[2])


def _source(address: str, client_network: int) -> str:
    """Return a source that only our clients use: a loopback address of this run, or the proxy's own address."""
    ip = ipaddress.ip_address(address)
    return f"127.18.{client_network}.1" if ip.version == 4 and ip.is_loopback else address


def _is_local(address: str) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_DGRAM)) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
        return True


def watch_kernel(channel: Channel, target: Target, endpoints: frozenset[str]) -> None:
    """Have the kernel traced from here on, for these endpoints of this network namespace."""
    channel.ask(
        Watch(
            endpoints=tuple(sorted({target.endpoint, *endpoints})),
            client_addresses=(target.source_address,) if target.source_address else (),
            network_namespace=os.stat("/proc/self/ns/net").st_ino,  # noqa: PTH116 - a magic link, not a path
        ),
        timeout_s=ANSWER_DEADLINE_S,
    )


def prepare_live(
    plan: ProvePlan, channel: Channel, stack: ExitStack
) -> tuple[LiveProxy, Observer, LoadPlan, RunFacts]:
    """Return the proxy, its observer, the load and the facts.

    Of a private proxy the kernel is traced already, from before it listened (`watch_kernel`).

    Raises: UsageError, LoadError if nobody listens there.
    """
    if plan.live is None:
        raise UsageError("No URL was given.")
    target, request = parse_url(plan.live, plan.client_network)
    asked = next((wanted.request for wanted in plan.requests), request)
    proxy, endpoints, limitations = _find_proxy(plan.live, target)
    observer = Observer(proxy.serving_pids, endpoints)
    stack.callback(observer.close)
    if not plan.live.private:
        watch_kernel(channel, target, endpoints)
    size = LoadSize(plan.connections, plan.rate_per_s, plan.full_rate, frozenset(plan.workloads))
    load = plan_load(Targets((target,), (), ()), None, {FRONTEND: asked}, size)
    version, path = _program(proxy)
    facts = RunFacts(
        haproxy_version=version,
        haproxy_path=path,
        mode=Mode.MASTER_WORKER if proxy.has_master() else Mode.UNKNOWN,
        via=Via.COMMAND,
        tier="live",
        streams=load.streams,
        frontends=(FrontendFacts(name=FRONTEND, where=target.where, mode=target.mode),),
        frontend_count=1,
        covered_count=1,
        limitations=limitations,
        reloads_requested=plan.reloads,
        endpoints=tuple(sorted(endpoints)),
    )
    return proxy, observer, load, facts


def _find_proxy(live: LiveTarget, target: Target) -> tuple[LiveProxy, frozenset[str], tuple[str, ...]]:
    """Return the proxy that listens at the target, the addresses it has bound, and what cannot be seen of it."""
    serving = serving_addresses(target.endpoint)
    listeners = {one.inode: one.endpoint for one in read_listeners() if one.endpoint in serving}
    if not listeners:
        if live.remote:
            why = "the proxy's sockets cannot be seen from this host: that a reload took over is not proven"
            return LiveProxy(live.reload_command, ("", 0)), frozenset(), (why,)
        raise LoadError(
            f"Nobody listens at {target.endpoint}.", hint="Start the proxy first, or correct --url."
        )
    owners = _owners(frozenset(listeners))
    if not owners:
        raise LoadError(
            f"The process that listens at {target.endpoint} cannot be seen.",
            hint="Run hitless as root, or as the proxy's own user, in its process namespace.",
        )
    return LiveProxy(live.reload_command, _identity(min(owners))), frozenset(listeners.values()), ()


def _program(proxy: LiveProxy) -> tuple[str, str]:
    """Return the version and path of the program that runs; "" for what cannot be learnt."""
    path = ""
    for pid in sorted(proxy.serving_pids())[:1]:
        try:
            path = read_executable(pid)
            return read_binary(path).version_text, path
        except (Gone, Denied, ControlError):  # replaced on disk since, not HAProxy, another's
            continue
    return "", path


def _owners(inodes: frozenset[int]) -> set[int]:
    owners = set()
    for entry in Path(PROC).iterdir():
        if entry.name.isdecimal():
            try:
                if inodes & read_socket_inodes(int(entry.name)):
                    owners.add(int(entry.name))
            except (Gone, Denied):
                continue
    return owners
