"""A real systemd as process 1, over a copy-on-write view of this machine's root: what is written is gone at its end.

systemd-nspawn boots it in namespaces of its own, with an own control group and no network but loopback.
"""

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.system.conftest import require

REPOSITORY = Path(__file__).parent.parent.parent
BOOT_S = 60.0
STOP_S = 20.0

_CGROUPS = Path("/sys/fs/cgroup")
_START = """
for group in $GROUPS_OF_BED; do echo $$ > "$group/cgroup.procs"; done
mount --bind / "$MOUNT_OF_BED"
exec systemd-nspawn "$@"
"""


@dataclass(frozen=True)
class SystemdBed:
    """A machine that runs. `leader` is its process 1, as seen from here."""

    leader: int

    @property
    def root(self) -> Path:
        """Its file system, to read and write from here."""
        return Path(f"/proc/{self.leader}/root")

    def write(self, path: str, text: str) -> None:
        """Write a file in it, with the directories above."""
        target = self.root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def run(
        self,
        *command: str,
        check: bool = True,
        timeout_s: float = 30,
        environment: dict[str, str] | None = None,
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command in it."""
        enter = (
            "nsenter",
            "--target",
            str(self.leader),
            "--mount",
            "--pid",
            "--net",
            "--uts",
            "--ipc",
            "--cgroup",
        )
        done = subprocess.run(
            [*enter, "--", *command],
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
            stdin=subprocess.DEVNULL,
            env={
                "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                **(environment or {}),
            },
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{command} exits {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def python(self, program: str, *arguments: str) -> str:
        """Run a Python program in it, with this repository's modules; return what it prints."""
        environment = {"PYTHONPATH": str(REPOSITORY / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
        return self.run(sys.executable, "-c", program, *arguments, environment=environment).stdout

    def hitless(self, *arguments: str, check: bool = False) -> "subprocess.CompletedProcess[str]":
        """Run the command line in it."""
        environment = {"PYTHONPATH": str(REPOSITORY / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
        return self.run(sys.executable, "-m", "hitless", *arguments, check=check, environment=environment)


@contextlib.contextmanager
def systemd_bed(name: str, *, options: Sequence[str] = ()) -> Iterator[SystemdBed]:
    """Boot a machine up to basic.target, and stop it at the end. `name` tells several apart; it is a host name."""
    require(os.geteuid() == 0, "a systemd of its own needs root")
    require(shutil.which("systemd-nspawn"), "systemd-container is not installed")
    with contextlib.ExitStack() as undo:
        mount = undo.enter_context(tempfile.TemporaryDirectory(prefix="hitless-bed-"))
        groups = _cgroups(f"{name}-{os.getpid()}")
        undo.callback(_remove_cgroups, groups)
        ready = undo.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        address = f"hitless-bed-{name}-{os.getpid()}"
        ready.bind(f"\0{address}")
        log = undo.enter_context(tempfile.TemporaryFile(prefix="hitless-bed-"))
        process = subprocess.Popen(
            [
                # The machine ends with the tests, also when they are killed.
                *("setpriv", "--pdeathsig", "TERM"),
                "unshare",
                "--mount",
                "--propagation",
                "private",
                "sh",
                "-ec",
                _START,
                "sh",
                *_arguments(name, mount),
                *options,
                "systemd.unit=basic.target",
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={
                **os.environ,
                "GROUPS_OF_BED": " ".join(str(group) for group in groups),
                "MOUNT_OF_BED": mount,
                "NOTIFY_SOCKET": f"@{address}",
                "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1",
            },
        )
        undo.callback(_stop, process)
        leader = _await_ready(ready, process)
        if leader is None:
            log.seek(0)
            raise AssertionError(f"systemd does not come up: {log.read().decode(errors='replace')[-2000:]}")
        # systemd goes on saying how its jobs fare, and would wait in sendmsg() once nobody takes it.
        ready.close()
        yield SystemdBed(leader)


def _arguments(name: str, mount: str) -> list[str]:
    options = ["--register=no", "--keep-unit", "--quiet", f"--machine={name}", "--private-network"]
    options += ["--link-journal=no", "--console=pipe", "--notify-ready=yes", "--volatile=overlay"]
    options += ["--capability=CAP_NET_ADMIN,CAP_SYS_NICE"]
    shared = {REPOSITORY, Path(sys.prefix), Path(sys.base_prefix)}
    options += [
        f"--bind-ro={path}:{path}:norbind" for path in sorted(shared) if not path.is_relative_to("/usr")
    ]
    return [*options, f"--directory={mount}", "--boot"]


def _cgroups(name: str) -> list[Path]:
    """Make a control group of the machine's own in each hierarchy that systemd manages."""
    parents = [p for p in (_CGROUPS / "unified", _CGROUPS / "systemd") if p.is_dir()] or [_CGROUPS]
    groups = [parent / f"hitless-bed-{name}" for parent in parents]
    # What tests that were killed have left goes first.
    left = [
        g for parent in parents for g in parent.glob("hitless-bed-*") if g.name.rpartition("-")[2].isdigit()
    ]
    _remove_cgroups([g for g in left if not Path("/proc", g.name.rpartition("-")[2]).exists()])
    for group in groups:
        group.mkdir()
    return groups


def _remove_cgroups(groups: Sequence[Path]) -> None:
    for group in groups:
        for directory, _, _ in os.walk(group, topdown=False):
            with contextlib.suppress(OSError):
                Path(directory).rmdir()


def _await_ready(ready: socket.socket, process: "subprocess.Popen[bytes]") -> int | None:
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


def _stop(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
