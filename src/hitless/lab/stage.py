"""The stage of one variant: a machine of its own on which the steps are done. Runs inside the sandbox.

Everything that is written lands in the sandbox's private root, so the paths are those of a real host:
/etc/haproxy/haproxy.cfg, /run/haproxy/admin.sock, /usr/sbin/haproxy.
"""

from __future__ import annotations

import os
import pwd
import shlex
import string
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hitless.clock import now_ns
from hitless.config import build_model, read_files
from hitless.control.binary import read_binary
from hitless.control.command import run_bounded
from hitless.control.errors import CouldNotAsk
from hitless.errors import SandboxError
from hitless.evidence.haproxy_messages import MessageKind
from hitless.host.inet_diag import read_listeners
from hitless.host.processes import Denied, Gone, list_pids, read_socket_inodes, read_status
from hitless.lab.scenario import parse_step
from hitless.prove import describe
from hitless.prove.conduct import alerts
from hitless.prove.live import parse_url, watch_kernel
from hitless.prove.protocol import LiveTarget
from hitless.sandbox.network import SANDBOX_SYSCTLS, set_up_network, write_sysctls
from hitless.sandbox.world.plan import plan_world
from hitless.sandbox.world.process import WorldProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import ExitStack

    from hitless.config.model import Model
    from hitless.control.binary import HaproxyBinary
    from hitless.control.command import Completed
    from hitless.lab.conditions import Value
    from hitless.lab.plan import LabPlan
    from hitless.lab.verbs.clients import HeldClient
    from hitless.lab.verbs.logs import Receiver
    from hitless.prove.channel import Channel
    from hitless.prove.protocol import Finished
    from hitless.reload.launch import MessageReader

__all__ = [
    "ADMIN_SOCKET",
    "CONFIGURATION",
    "DEADLINE_S",
    "HAPROXY",
    "MASTER_SOCKET",
    "PID_FILE",
    "SYSTEMD",
    "Stage",
]

CONFIGURATION = "/etc/haproxy/haproxy.cfg"
HAPROXY = "/usr/sbin/haproxy"
HOSTS_OWN = "/usr/sbin/haproxy.host"
HITLESS = "/usr/local/bin/hitless"
"""For scripts that call it as a user's do."""
PID_FILE = "/run/haproxy.pid"
MASTER_SOCKET = "/run/haproxy-master.sock"
ADMIN_SOCKET = "/run/haproxy/admin.sock"
SYSTEMD = "systemd"
"""A need of scenarios whose machine has a systemd of its own."""
DEADLINE_S = 15.0
WORLD_DEADLINE_S = 15.0
POLL_S = 0.02
SAID_LIMIT = 4_000
EVENTS_FILE = "events-world.jsonl"
_HOST_SYSCTLS = {"net.ipv4.ip_nonlocal_bind": "0", "net.ipv6.ip_nonlocal_bind": "0"}
"""The sandbox lets every address be bound; a stage is an ordinary host, where that is one of the causes."""


@dataclass(slots=True)
class Stage:
    """State of one run: what it is about, what was seen, what was done, and the processes that were started."""

    plan: LabPlan
    channel: Channel
    directory_fd: int
    stack: ExitStack
    messages: MessageReader
    seen: dict[str, Value] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    """What the step `spawn` has started, by name."""
    held: dict[str, list[HeldClient]] = field(default_factory=dict)
    """What the step `hold` keeps, by name."""
    receivers: dict[str, Receiver] = field(default_factory=dict)
    """Who receives log lines, by address."""
    master: subprocess.Popen[bytes] | None = None
    binary: HaproxyBinary | None = None
    finished: Finished | None = None
    """What the step `load` has brought."""
    arguments: tuple[str, ...] = ()
    """What HAProxy was started with beside what its mode needs."""
    under_load: bool = False

    # --- setting up -------------------------------------------------------------------------------------------

    def set_up(self) -> None:
        """Make the host: its addresses, sysctls, files, the HAProxy that is tried, and the servers it talks to.

        Raises: SandboxError.
        """
        self.binary = read_binary(self.plan.haproxy)
        self._set_up_network()
        Path("/run/haproxy").mkdir(mode=0o755, parents=True, exist_ok=True)
        self.install(self.plan.haproxy)
        self.write(HITLESS, f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -m hitless "$@"\n', 0o755)
        scenario = self.plan.scenario
        for path, file in scenario.files.items():
            self.write(path, self.fill(file.text), int(file.mode, 8), file.owner)
        self.write(CONFIGURATION, self.fill(scenario.configuration))
        if any(
            parse_step(line, self.words).verb == "load" for line in scenario.variant(self.plan.variant).steps
        ):
            target, _ = parse_url(self.live_target(), self.plan.prove.client_network)
            watch_kernel(self.channel, target, describe.watched(self.model()))
        self._start_servers()

    def live_target(self) -> LiveTarget:
        """Return where the clients of the step `load` go."""
        url = self.fill(self.plan.scenario.load.url)
        return LiveTarget(url=url, reload_command=(), remote=True, private=True)

    def install(self, binary: str) -> None:
        """Have /usr/sbin/haproxy be this one; the host's own, which is there, has another name from then on."""
        path = Path(HAPROXY)
        if path.exists() and not path.is_symlink():
            path.rename(HOSTS_OWN)
        path.unlink(missing_ok=True)
        path.symlink_to(HOSTS_OWN if binary == HAPROXY else binary)

    def _set_up_network(self) -> None:
        scenario = self.plan.scenario
        if SYSTEMD in scenario.needs:  # a machine that boots has only what every machine has
            set_up_network(SANDBOX_SYSCTLS)
        refused = write_sysctls(_HOST_SYSCTLS | scenario.sysctls)
        if refused:
            raise SandboxError(f"sysctls were refused: {refused}")
        for family in ("-4", "-6"):
            run_bounded(
                ["ip", family, "route", "del", "local", "default", "dev", "lo", "table", "local"],
                timeout_s=DEADLINE_S,
            )
        for address in scenario.addresses:
            self.check(["ip", "address", "add", self.fill(address), "dev", "lo"])

    def _start_servers(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        events_fd = os.open(EVENTS_FILE, flags, 0o600, dir_fd=self.directory_fd)
        self.stack.callback(os.close, events_fd)
        world = plan_world(self.model(), ipv6=Path("/proc/net/if_inet6").exists(), private=False)
        # Whether somebody receives the log is a cause of its own: the step `receive-logs` does.
        others = tuple(endpoint for endpoint in world.endpoints if endpoint.role != "syslog")
        world = msgspec.structs.replace(world, endpoints=others)
        process = self.stack.enter_context(WorldProcess(world, events_fd))
        ready = process.wait_ready(WORLD_DEADLINE_S)
        if ready.failed:
            raise SandboxError(f"a simulated server could not be started: {ready.failed[0]}")
        self.stack.enter_context(self.channel.watching([process.process_fd], process.check))

    # --- what steps use ---------------------------------------------------------------------------------------

    @property
    def words(self) -> dict[str, str]:
        """What placeholders stand for: the variant's own words, and what is so here."""
        return {
            "mode": self.plan.mode,
            "version": ".".join(map(str, self.plan.version)),
            "haproxy": HAPROXY,
            "cfg": CONFIGURATION,
        } | self.plan.scenario.variant(self.plan.variant).words

    def fill(self, text: str) -> str:
        """Return a text with its placeholders filled in.

        Raises: SandboxError if one has no value.
        """
        try:
            return string.Template(text).substitute(self.words)
        except (KeyError, ValueError) as error:
            raise SandboxError(f"a placeholder has no value or is none: {error}") from error

    def observe(self, name: str, value: Value) -> None:
        """Keep what was seen; what is seen again under the same name replaces it."""
        self.seen[name] = value[:SAID_LIMIT] if isinstance(value, str) else value

    def write(self, path: str, text: str, mode: int = 0o644, owner: str = "root") -> None:
        """Write a file of the stage, with the directories above it."""
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        target.write_text(text, encoding="utf-8")
        target.chmod(mode)
        if owner != "root":
            account = pwd.getpwnam(owner)
            os.chown(target, account.pw_uid, account.pw_gid)

    def run(self, argv: Sequence[str], *, timeout_s: float = DEADLINE_S) -> Completed:
        """Run a program to its end.

        Raises: SandboxError if it cannot be started or takes too long.
        """
        try:
            return run_bounded(argv, timeout_s=timeout_s)
        except (OSError, CouldNotAsk) as error:
            raise SandboxError(f"{argv[0]}: {error}") from error

    def check(self, argv: Sequence[str], *, timeout_s: float = DEADLINE_S) -> str:
        """Run a program that must succeed; return what it printed.

        Raises: SandboxError with what it said.
        """
        done = self.run(argv, timeout_s=timeout_s)
        if done.returncode:
            raise SandboxError(f"{' '.join(argv)} ended with {done.returncode}: {done.stderr or done.stdout}")
        return done.stdout

    def until(self, condition: Callable[[], object], *, timeout_s: float = DEADLINE_S) -> bool:
        """Wait until something is so, where nothing tells when; return whether it came to be."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > deadline:
                return False
            self.channel.wait(POLL_S)
        return True

    # --- HAProxy ----------------------------------------------------------------------------------------------

    def model(self) -> Model:
        """Return the configuration as it is on disk now."""
        assert self.binary is not None
        return build_model(
            read_files((CONFIGURATION,)),
            environment={"HAPROXY_LOCALPEER": os.uname().nodename},
            version=self.binary.version[:2],
            features=self.binary.features,
        )

    def haproxies(self) -> frozenset[int]:
        """Return every HAProxy process that lives, masters included."""
        found = set()
        for pid in list_pids():
            with suppress(Gone, Denied):
                status = read_status(pid)
                if status.name == "haproxy" and not status.has_ended:
                    found.add(pid)
        return frozenset(found)

    def listening(self) -> dict[int, frozenset[int]]:
        """Return the TCP listening inodes that each HAProxy process holds; processes without any are left out."""
        inodes = {one.inode for one in read_listeners()}
        holding = {}
        for pid in self.haproxies():
            with suppress(Gone, Denied):
                if mine := read_socket_inodes(pid) & inodes:
                    holding[pid] = frozenset(mine)
        return holding

    def listens(self) -> bool:
        """Whether HAProxy listens on every address of its frontends."""
        open_now = {one.endpoint for one in read_listeners()}
        return describe.watched(self.model()) <= open_now and bool(self.listening())

    def said_since(self, t_ns: int) -> str:
        """Return HAProxy's alerts since then."""
        return alerts(self.messages.since(t_ns))

    def refused_since(self, t_ns: int) -> bool:
        """Whether HAProxy said since then that a load has failed."""
        return any(event.reason == MessageKind.LOAD_FAILED for event in self.messages.since(t_ns))

    def popen(self, argv: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start a program in the background; what it prints is read with HAProxy's messages.

        Raises: SandboxError.
        """
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=self.messages.write_end,
                stderr=self.messages.write_end,
                start_new_session=True,
            )
        except OSError as error:
            raise SandboxError(f"{argv[0]}: {error.strerror}") from error
        self.stack.callback(_end, process)
        return process

    @staticmethod
    def now() -> int:
        """Return this moment, for `said_since`."""
        return now_ns()


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()
