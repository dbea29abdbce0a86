import os
import subprocess
import sys
import textwrap

import pytest

from hitless.errors import ReloadError
from hitless.run.children import Children

PROGRAM = textwrap.dedent(
    """
    import os, select, signal, sys, time
    from hitless.run.children import Children
    children = Children(dict(os.environ))
    children.start_hitless("ready", ["--version"])
    first = children.start_haproxy(["/bin/sh", "-c", "exit 7"], {})
    os.fork() or os._exit(5)
    found = {}
    deadline = time.monotonic() + 50
    while len(found) < 3 and time.monotonic() < deadline:
        for done in children.reap():
            found[done.name] = (done.status, done.output[:7])
        time.sleep(0.01)
    print(found == {"haproxy": (7, b""), "": (5, b""), "ready": (0, b"hitless")}, children.running)
    """
)


def test_all_are_reaped_orphans_too() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env=dict(os.environ),
    )
    assert done.stdout.split() == ["True", "frozenset()"], done.stdout + done.stderr


def test_what_is_not_there_cannot_be_started() -> None:
    with pytest.raises(ReloadError, match="cannot be started"):
        Children({}).start_haproxy(["/nowhere/haproxy"], {})
