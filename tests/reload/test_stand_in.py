"""The stand-in alone: what it does when the one who started it dies without a word."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hitless.host.process_handle import ProcessHandle
from hitless.reload.stand_in import Start, decode_start, encode_start
from hitless.reload.successor import _run_stand_in
from tests.reload.fake_haproxy import Predecessor, predecessor
from tests.reload.test_likeness import OURS

if TYPE_CHECKING:
    import subprocess

DEADLINE_S = 60.0


@dataclass
class Bench:
    old: Predecessor
    control: socket.socket
    process: "subprocess.Popen[bytes]"

    def hear(self) -> str:
        self.control.settimeout(DEADLINE_S)
        return self.control.recv(4096).decode()


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Predecessor]:
    with predecessor(tmp_path) as found:
        yield found


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as found:
        yield found


def start(old: Predecessor, stack: ExitStack, how: str = "", *, pass_pauses: bool = False) -> Bench:
    """Start the fake through a stand-in of our own."""
    plan = old.plan(how=how)
    control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    stack.enter_context(control)
    handle = stack.enter_context(ProcessHandle(old.pid))
    null = os.open(os.devnull, os.O_WRONLY)
    stack.callback(os.close, null)
    wanted = Start(
        likeness=OURS,
        program=plan.program,
        before=(plan.program, "-sf"),
        after=("-f", "h.cfg"),
        environment=plan.environment,
        output=null,
        errors=null,
        old=(handle.fileno(),),
        pass_pauses=pass_pauses,
    )
    assert decode_start(encode_start(wanted)).environment == wanted.environment
    with theirs:
        process = _run_stand_in(wanted, theirs, null)
    stack.callback(process.wait)
    stack.callback(process.kill)
    bench = Bench(old, control, process)
    word, pid = bench.hear().split()
    assert word == "pid"
    stack.callback(kill, int(pid))
    return bench


def kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def test_it_tells_what_happens_and_ends_when_it_is_told(old: Predecessor, stack: ExitStack) -> None:
    bench = start(old, stack)
    assert bench.hear() == "bound"
    bench.control.send(b"done")
    assert bench.process.wait(DEADLINE_S) == 0
    assert old.process.poll() is None


def test_alone_it_lets_the_old_one_go(old: Predecessor, stack: ExitStack) -> None:
    bench = start(old, stack)
    assert bench.hear() == "bound"
    bench.control.close()
    assert old.hear() == "SIGUSR1"
    assert bench.process.wait(DEADLINE_S) == 0


def test_alone_it_waits_for_the_successor(old: Predecessor, stack: ExitStack) -> None:
    bench = start(old, stack)
    bench.control.close()  # before or after it has bound
    assert old.hear() == "SIGUSR1"
    assert bench.process.wait(DEADLINE_S) == 0


@pytest.mark.parametrize("how", ["refuses", "dies", "cannot-bind"])
def test_alone_it_keeps_the_old_one_if_the_successor_fails(
    old: Predecessor, stack: ExitStack, how: str
) -> None:
    bench = start(old, stack, how)
    bench.control.close()
    assert bench.process.wait(DEADLINE_S) == 0
    old.process.send_signal(signal.SIGTTOU)
    assert old.hear() == "SIGTTOU"  # and no SIGUSR1 before it


def test_who_has_been_told_is_not_told_again(old: Predecessor, stack: ExitStack) -> None:
    bench = start(old, stack)
    assert bench.hear() == "bound"
    bench.control.send(b"released")
    bench.control.close()
    assert bench.process.wait(DEADLINE_S) == 0
    assert old.process.poll() is None


def test_signals_to_us_do_not_end_it(old: Predecessor, stack: ExitStack) -> None:
    bench = start(old, stack)
    assert bench.hear() == "bound"
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        bench.process.send_signal(number)
    bench.control.close()
    assert old.hear() == "SIGUSR1"


def test_pauses(old: Predecessor, stack: ExitStack) -> None:
    bench = start(old, stack, "cannot-bind", pass_pauses=True)
    said = {bench.hear(), bench.hear()}
    assert "paused" in said
    old.hear_all("SIGTTOU", "SIGTTIN")
