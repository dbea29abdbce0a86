"""Ctrl-C at moments that Python makes difficult: the exit status says so all the same."""

import subprocess
import sys
from pathlib import Path

import pytest

from hitless.errors import ExitCode

_PROGRAM = """
import os, signal, sys, types
import hitless.cli as cli

class Interrupting:
    def __set_name__(self, owner, name):
        os.kill(os.getpid(), signal.SIGINT)

class Late:
    def __del__(self, kill=os.kill, pid=os.getpid(), number=signal.SIGINT):
        kill(pid, number)

def called():
    {act}

module = types.ModuleType("interrupted")
module.command = cli.click.Command("rules", callback=called)
sys.modules["hitless.cli.rules"] = module
cli.main(["rules"])
"""


def ended(tmp_path: Path, act: str) -> "subprocess.CompletedProcess[str]":
    """Run it as `python -m` does, which looks once more at the end whether something was interrupted."""
    (tmp_path / "program.py").write_text(_PROGRAM.replace("{act}", act))
    command = [sys.executable, "-m", "program"]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)


@pytest.mark.parametrize(
    "act",
    [
        "os.kill(os.getpid(), signal.SIGINT)",
        "exec('os.kill(os.getpid(), signal.SIGINT); [0 for _ in range(9)]', globals())",
        "type('Made', (), {'field': Interrupting()})",
    ],
)
def test_while_a_module_is_imported(tmp_path: Path, act: str) -> None:
    done = ended(tmp_path, act)
    assert done.returncode == ExitCode.INTERRUPTED, done
    assert done.stderr.strip() == "hitless: interrupted; everything has been taken down."


def test_after_the_verdict_it_is_too_late(tmp_path: Path) -> None:
    assert ended(tmp_path, "cli.late = Late()").returncode == ExitCode.CLEAN
