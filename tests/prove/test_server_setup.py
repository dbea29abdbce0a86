"""Servers that no simulated one can satisfy, held up in every new worker."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from hitless.prove.server_setup import ServerSetup
from hitless.reload.mechanism import Mode
from hitless.sandbox.world.records import CannotImitate

SERVER = CannotImitate(backend="app", server="s1", where="h.cfg:9", why="external-check runs a program")


class MasterCli:
    """A master CLI that notes what it is told and answers the same to all."""

    def __init__(self, path: Path, answer: bytes) -> None:
        self.path, self.told, self._answer = str(path), list[str](), answer
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):  # who asked may have no time left
                self.told += connection.recv(4096).decode().splitlines()
                connection.sendall(self._answer)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture(params=[b"\n"])
def master(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MasterCli]:
    cli = MasterCli(tmp_path / "master.sock", request.param)
    yield cli
    cli.close()


def test_health_checks_are_stopped_and_servers_declared_up(master: MasterCli) -> None:
    setup = ServerSetup([SERVER], master.path, Mode.MASTER_WORKER)
    setup.apply(4711)
    told = " | ".join(master.told)
    assert "@!4711" in told
    assert all(
        words in told
        for words in ("disable health app/s1", "set server app/s1 state ready", "set server app/s1 health up")
    )
    (stand_in,) = setup.stand_ins
    assert (stand_in.kind, stand_in.name, stand_in.where) == ("health-check", "app/s1", "h.cfg:9")
    assert stand_in.what == "external-check runs a program; held up through the runtime API"


@pytest.mark.parametrize("master", [b"No such server.\n\n"], indirect=True)
def test_what_haproxy_refused_is_said(master: MasterCli) -> None:
    setup = ServerSetup([SERVER], master.path, Mode.MASTER_WORKER)
    setup.apply(1)
    assert setup.stand_ins[0].what == "external-check runs a program; No such server."


def test_what_did_not_work_is_said(tmp_path: Path) -> None:
    setup = ServerSetup([SERVER], str(tmp_path / "nobody.sock"), Mode.MASTER_WORKER)
    setup.apply(1)
    assert "held up" not in setup.stand_ins[0].what
    assert setup.stand_ins[0].what.startswith("external-check runs a program; ")


def test_nothing_is_asked_where_nothing_is_to_be_done(tmp_path: Path) -> None:
    ServerSetup([], str(tmp_path / "nobody.sock"), Mode.MASTER_WORKER).apply(1)
    classic = ServerSetup([SERVER], str(tmp_path / "nobody.sock"), Mode.CLASSIC)
    classic.apply(1)
    assert "without a master CLI" in classic.stand_ins[0].what
