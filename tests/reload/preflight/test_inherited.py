import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from hitless.control.command import run_bounded
from hitless.reload.preflight.inherited import inherited, wanted_descriptors
from tests.reload.preflight.targets import target

HOLD = """
import os, sys, time
a, b = map(int, sys.argv[1:])
os.dup2(a, 7)
os.dup2(b, 8)
print(flush=True)
time.sleep(60)
"""
LOOK = "import os, sys; print(*[os.fstat(int(n)).st_ino for n in sys.argv[1:]])"


def test_the_numbers_that_a_configuration_binds() -> None:
    binds = "".join(f"    bind {address}\n" for address in ("fd@4", "fd@3", ":80", "fd@0", "fd@99999"))
    text = f"frontend a\n{binds}frontend b\n    bind fd@4\n"
    assert wanted_descriptors(target(text).subject) == (3, 4)
    assert wanted_descriptors(target().subject) == ()


def test_a_command_gets_the_very_sockets(tmp_path: Path) -> None:
    del tmp_path
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        inodes = [os.fstat(s.fileno()).st_ino for s in (one, other)]
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(other.fileno()), str(one.fileno())],
            pass_fds=(one.fileno(), other.fileno()),
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        try:
            process.stdout.readline()
            with inherited(process.pid, (7, 8, 9)) as given:
                assert not given.problem
                done = run_bounded(
                    [*given.prefix, sys.executable, "-c", LOOK, "7", "8"],
                    timeout_s=60,
                    descriptors=given.descriptors,
                )
                ours = given.descriptors
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
    assert done.stdout.split() == [str(inodes[1]), str(inodes[0])], done.stderr
    for descriptor in ours:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)


def test_without_wishes_nothing_is_taken_and_a_process_that_is_gone_has_nothing() -> None:
    with inherited(os.getpid(), ()) as given:
        assert (given.prefix, given.descriptors, given.problem) == ((), (), "")
    with inherited(2**22 + 1, (3,)) as given:
        assert "missing" in given.problem
    with inherited(os.getpid(), (1022,)) as given:
        assert given.prefix == ()
