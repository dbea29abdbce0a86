import socket
from pathlib import Path

import pytest

from hitless.control import inspect
from hitless.facts import Instance, Launch, RunMode
from hitless.gather.configuration import configuration_file
from hitless.gather.instance import Gathering
from hitless.gather.place import ProcessPlace
from hitless.gather.views import model_of, read_views
from hitless.host.root import HostRoot
from tests.control.test_inspect import ANSWERS, runtime_api


def gathering(text: str, *words: str, foreign: bool = False) -> Gathering:
    instance = Instance(
        name="x",
        configuration=(configuration_file("/a.cfg", text.encode()),),
        launch=Launch(arguments=("haproxy", *words), source="test"),
        mode=RunMode.MASTER_WORKER,
    )
    return Gathering(instance, ProcessPlace(HostRoot(), same_network=not foreign))


def test_stats_sockets_and_the_master_are_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspect, "_ASK_TIMEOUT_S", 30.0)  # a machine that is busy
    with runtime_api(tmp_path / "s", ANSWERS) as stats, runtime_api(tmp_path / "m", ANSWERS) as master:
        seen = gathering(f"global\n stats socket {stats}\n", "-W", "-S", f"{master},mode,600")
        read_views(seen, model_of(seen))
    assert seen.instance.master is not None
    assert seen.instance.master.socket == master
    assert seen.instance.binary is not None
    assert seen.instance.binary.version == (2, 8, 25)
    assert [w.socket for w in seen.instance.workers or ()] == [stats]


def test_dead_and_strange_sockets_are_unknown(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "dead"))
    seen = gathering(f"global\n stats socket {tmp_path}/dead\n stats socket fd@3\n stats socket :0\n", "-W")
    read_views(seen, model_of(seen))
    assert seen.instance.master is None
    assert seen.instance.workers is None
    assert any("nobody listens" in u.why for u in seen.unknown)
    assert any("without -S" in u.why for u in seen.unknown)


def test_another_network_is_out_of_reach() -> None:
    seen = gathering("global\n stats socket 127.0.0.1:9\n", "-W", "-S", "127.0.0.1:9", foreign=True)
    read_views(seen, model_of(seen))
    assert [u.why for u in seen.unknown] == ["it is in another network namespace"] * 2
