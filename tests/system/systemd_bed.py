"""A real systemd as process 1, over a copy-on-write view of this machine's root: what is written is gone at its end."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hitless.lab.machine import Machine, boot_machine
from tests.system.conftest import require

REPOSITORY = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class SystemdBed:
    """A machine that runs. `leader` is its process 1, as seen from here."""

    leader: int

    @property
    def root(self) -> Path:
        """Its file system, to read and write from here."""
        return Machine(self.leader).root

    def write(self, path: str, text: str) -> None:
        """Write a file in it, with the directories above."""
        target = self.root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def run(
        self,
        *command: str,
        check: bool = True,
        timeout_s: float = 90,
        environment: dict[str, str] | None = None,
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command in it."""
        done = subprocess.run(
            [*Machine(self.leader).enter, *command],
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

    def show(self, unit: str, name: str) -> str:
        """Return a property of a unit, as systemd says it now."""
        return self.run("systemctl", "show", "--value", f"--property={name}", unit).stdout.strip()

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
    shared = (REPOSITORY, Path(sys.prefix), Path(sys.base_prefix))
    with boot_machine(name, shared=shared, options=options) as machine:
        yield SystemdBed(machine.leader)
