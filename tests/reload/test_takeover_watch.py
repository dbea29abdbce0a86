"""This very process stands for a classic HAProxy; tests/system has the real ones."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from hitless.facts import Process, Role, RunMode
from hitless.reload import answer
from hitless.reload.phases import PhaseTracker
from hitless.reload.takeover_watch import TakeoverWatch
from tests.reload.servers import answering, info
from tests.reload.test_target import target

OWN = os.getpid()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a busy machine take its time."""
    monkeypatch.setattr(answer, "_ASK_TIMEOUT_S", 30.0)


@contextmanager
def watched(*stats: str) -> Iterator[TakeoverWatch]:
    seen = target(
        Process(pid=OWN, parent_pid=1, role=Role.CLASSIC, generation=0, uid=os.getuid()), mode=RunMode.CLASSIC
    )
    with TakeoverWatch(replace(seen, stats_addresses=stats)) as watch:
        yield watch


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def endpoint(server: socket.socket) -> str:
    return f"127.0.0.1:{server.getsockname()[1]}"


def test_who_holds_what(listener: socket.socket, tmp_path: Path) -> None:
    with answering(tmp_path / "s", lambda _: "") as path, watched() as watch:
        held = watch.endpoints(watch.look(), OWN)
        assert held[endpoint(listener)] == {os.fstat(listener.fileno()).st_ino}
        assert path in held


def test_a_process_that_does_all_of_it_is_proven(listener: socket.socket, tmp_path: Path) -> None:
    with answering(tmp_path / "s", lambda _: info(OWN)) as path, watched(path) as watch:
        proof = watch.prove(OWN, frozenset({endpoint(listener)}))
        assert proof.proven, proof.missing


def test_an_address_that_it_does_not_hold(listener: socket.socket, tmp_path: Path) -> None:
    with answering(tmp_path / "s", lambda _: info(OWN)) as path, watched(path) as watch:
        proof = watch.prove(OWN, frozenset({endpoint(listener), "127.0.0.1:1"}))
        assert not proof.proven
        assert proof.missing == (f"process {OWN} does not listen on 127.0.0.1:1",)


def test_a_stranger_that_holds_its_socket_is_named(listener: socket.socket, tmp_path: Path) -> None:
    with (
        answering(tmp_path / "s", lambda _: info(OWN)) as path,
        watched(path) as watch,
        subprocess.Popen(
            [sys.executable, "-c", "print(flush=True); input()"],
            pass_fds=[listener.fileno()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as other,
    ):
        assert other.stdout is not None
        other.stdout.readline()
        proof = watch.prove(OWN, frozenset({endpoint(listener)}))
        assert proof.stranded == (other.pid,)
        other.communicate(b"\n")


def test_nobody_is_not_proven(listener: socket.socket) -> None:
    with watched() as watch:
        assert not watch.prove(0, frozenset({endpoint(listener)})).proven
        assert not watch.prove(999_999_999, frozenset({endpoint(listener)})).proven


def test_following_ends_when_it_is_told_or_in_time(listener: socket.socket) -> None:
    with watched() as watch:
        tracker = PhaseTracker(1, frozenset({OWN}), frozenset({endpoint(listener)}), watch.endpoint_of)
        assert watch.follow(tracker, lambda _: None, until=lambda _: True, deadline_s=30)
        assert not watch.follow(tracker, lambda _: None, until=lambda _: False, deadline_s=0.01)
