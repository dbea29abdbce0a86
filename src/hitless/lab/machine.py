"""A machine with a real systemd as process 1, over a copy-on-write view of this host's root: all of it goes at its end.

systemd-nspawn boots it in namespaces of its own, with an own control group and no network but loopback.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hitless.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["Machine", "boot_machine"]

BOOT_S = 60.0
STOP_S = 20.0
SAID_LIMIT = 2_000
_PREFIX = "hitless-bed-"
_CGROUPS = Path("/sys/fs/cgroup")
_START = """
for group in $GROUPS_OF_BED; do echo $$ > "$group/cgroup.procs"; done
mount --bind / "$MOUNT_OF_BED"
exec systemd-nspawn "$@"
"""


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine that runs. `leader` is its process 1, as seen from here."""

    leader: int

    @property
    def root(self) -> Path:
        """Its file system, to read and write from here."""
        return Path(f"/proc/{self.leader}/root")

    @property
    def enter(self) -> tuple[str, ...]:
        """The words before a command that start it in there."""
        namespaces = ("--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup")
        return ("nsenter", "--target", str(self.leader), *namespaces, "--")


@contextlib.contextmanager
def boot_machine(
    name: str, *, shared: Iterable[Path] = (), options: Sequence[str] = (), at_once: bool = False
) -> Iterator[Machine]:
    """Boot a machine up to basic.target, and stop it at the end; it stops as well when this process is killed.

    `name` tells several apart, and is its host name. `shared` directories of this host are there, read-only, also where
    they are file systems of their own. `at_once`: it is killed at the end instead of shut down.

    Raises: SandboxError if it does not come up, with what it said.
    """
    with contextlib.ExitStack() as undo:
        _sweep()
        own = f"{_PREFIX}{name}-{os.getpid()}"
        mount = tempfile.mkdtemp(prefix=f"{own}-")
        undo.callback(Path(mount).rmdir)
        groups = undo.enter_context(_cgroups(own))
        ready = undo.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        ready.bind(f"\0{own}")
        log = undo.enter_context(tempfile.TemporaryFile(prefix=_PREFIX))
        # The machine ends with this process, also when that is killed.
        command = ["setpriv", "--pdeathsig", "TERM", "unshare", "--mount", "--propagation", "private"]
        command += ["sh", "-ec", _START, "sh", *_arguments(name, mount, shared), *options]
        try:
            process = subprocess.Popen(
                [*command, "systemd.unit=basic.target"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={
                    **os.environ,
                    "GROUPS_OF_BED": " ".join(str(group) for group in groups),
                    "MOUNT_OF_BED": mount,
                    "NOTIFY_SOCKET": f"@{own}",
                    "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1",
                },
            )
        except OSError as error:
            raise SandboxError(f"a systemd of its own cannot be started: {error}") from error
        undo.callback(_stop, process, at_once=at_once)
        leader = _await_ready(ready, process)
        if leader is None:
            log.seek(0)
            said = log.read().decode(errors="replace")[-SAID_LIMIT:]
            raise SandboxError(f"systemd does not come up: {said.strip() or 'it says nothing'}")
        # systemd goes on saying how its jobs fare, and would wait for ever once nobody takes it.
        ready.close()
        yield Machine(leader)


def _arguments(name: str, mount: str, shared: Iterable[Path]) -> list[str]:
    options = ["--register=no", "--keep-unit", "--quiet", f"--machine={name}", "--private-network"]
    options += ["--link-journal=no", "--console=pipe", "--notify-ready=yes", "--volatile=overlay"]
    options += ["--capability=CAP_NET_ADMIN,CAP_SYS_NICE"]
    options += [
        f"--bind-ro={path}:{path}:norbind" for path in sorted(set(shared)) if not path.is_relative_to("/usr")
    ]
    return [*options, f"--directory={mount}", "--boot"]


@contextlib.contextmanager
def _cgroups(name: str) -> Iterator[list[Path]]:
    """Have a control group of the machine's own in each hierarchy that systemd manages."""
    groups = [parent / name for parent in _hierarchies()]
    try:
        for group in groups:
            group.mkdir()
        yield groups
    except OSError as error:
        raise SandboxError(f"a control group for a systemd cannot be made: {error}") from error
    finally:
        for group in groups:
            _remove_cgroup(group)


def _hierarchies() -> list[Path]:
    return [p for p in (_CGROUPS / "unified", _CGROUPS / "systemd") if p.is_dir()] or [_CGROUPS]


def _sweep() -> None:
    """Take away what those who were killed have left: control groups, and the directories for mounts."""
    left = [group for parent in _hierarchies() for group in parent.glob(f"{_PREFIX}*-*")]
    for group in left:
        if not _is_alive(group.name.rpartition("-")[2]):
            _remove_cgroup(group)
    for directory in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*-*"):
        if not _is_alive(directory.name.rsplit("-", 2)[1]):
            with contextlib.suppress(OSError):
                directory.rmdir()  # nothing is in it: what was mounted was mounted in another namespace


def _is_alive(pid: str) -> bool:
    return not pid.isdigit() or Path("/proc", pid).exists()


def _remove_cgroup(group: Path) -> None:
    for directory, _, _ in os.walk(group, topdown=False):
        with contextlib.suppress(OSError):
            Path(directory).rmdir()


def _await_ready(ready: socket.socket, process: subprocess.Popen[bytes]) -> int | None:
    """Wait for what nspawn tells: first its child's pid, then that systemd is up."""
    leader: int | None = None
    deadline = time.monotonic() + BOOT_S
    died = os.pidfd_open(process.pid)
    try:
        while (left := deadline - time.monotonic()) > 0:
            readable, _, _ = select.select([ready.fileno(), died], [], [], left)
            if ready.fileno() not in readable:
                return None
            lines = ready.recv(65536).decode().splitlines()
            leader = next(
                (int(x.split("=")[1]) for x in lines if x.startswith("X_NSPAWN_LEADER_PID=")), leader
            )
            if "READY=1" in lines and leader is not None:
                return leader
    finally:
        os.close(died)
    return None


def _stop(process: subprocess.Popen[bytes], *, at_once: bool) -> None:
    """End the machine. A second SIGTERM has nspawn kill at once what is inside, and take down what it has made."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    if at_once:
        for _ in range(3):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
                return
            process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
