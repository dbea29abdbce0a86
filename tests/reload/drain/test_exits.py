import subprocess
import sys

from hitless.reload.drain.exits import Exits


def test_the_end_of_a_process_is_noticed() -> None:
    command = [sys.executable, "-c", "input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process, Exits([process.pid]) as exits:
        assert exits.alive == {process.pid}
        assert exits.wait(0) == frozenset()
        process.communicate(b"\n")
        assert exits.wait(60) == {process.pid}
        assert exits.alive == frozenset()
        assert exits.wait(0) == frozenset()


def test_one_that_has_ended_before_is_told_at_once() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    with Exits([process.pid]) as exits:
        assert exits.alive == frozenset()
        assert exits.wait(60) == {process.pid}
        assert exits.wait(0) == frozenset()
