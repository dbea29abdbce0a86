import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from hitless.errors import EvidenceError
from hitless.host.errors import Gone
from hitless.reload.service_namespace import ServiceNamespace


def test_our_own() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, ServiceNamespace(os.getpid()) as namespace:
        port = server.getsockname()[1]
        assert [one.endpoint for one in namespace.read_listeners(frozenset({port}))] == [f"127.0.0.1:{port}"]
        assert namespace.read_counters("now").label == "now"
        assert "Tcp.OutRsts" in namespace.read_counters("now").values
        assert "127.0.0.0/8" in namespace.addresses.local_networks
        assert namespace.inode == Path("/proc/self/ns/net").stat().st_ino


def test_it_outlives_the_process_by_which_it_was_found() -> None:
    with (
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process,
        ServiceNamespace(process.pid) as namespace,
    ):
        process.communicate()
        assert namespace.read_counters("later").values
        assert namespace.read_listeners(frozenset()) == ()


def test_a_process_that_is_gone() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    with pytest.raises(Gone), ServiceNamespace(process.pid):
        pass


def test_before_it_is_open_it_knows_nothing() -> None:
    namespace = ServiceNamespace(os.getpid())
    with pytest.raises(EvidenceError):
        namespace.read_counters("early")
    with pytest.raises(EvidenceError):
        namespace.read_listeners(frozenset({80}))
