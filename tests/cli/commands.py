"""Run commands in this process, or as a user would in one of their own."""

import contextlib
import io
import os
import subprocess
import sys
from dataclasses import dataclass

from hitless.cli import run


@dataclass(frozen=True)
class Done:
    """What a command printed, and its exit status."""

    status: int
    stdout: str
    stderr: str


def hitless(*words: str) -> Done:
    """Run a command in this process."""
    stdout, stderr = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
        status = run(list(words))
    return Done(status, stdout.getvalue(), stderr.getvalue())


def spawn(*words: str, stdout: int = subprocess.PIPE, **environment: str) -> "subprocess.Popen[bytes]":
    """Start a command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "hitless", *words],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=os.environ | environment,
    )
