"""What is resolved once for all clients of a stream."""

import socket
import ssl
from pathlib import Path

import pytest

from hitless.errors import LoadError
from hitless.load.connection import Connection
from hitless.load.setup import StreamSetup
from hitless.load.tls import TlsConnection
from hitless.records import Stream, Target, Workload
from tests.load.engine_bed import engine_in, target_of

SECOND_NS = 1_000_000_000


def test_what_lasts_by_design_is_neither_slow_nor_too_late(tmp_path: Path) -> None:
    stream = Stream(
        number=2, workload=Workload.STREAM, target=target_of(80), duration_s=8, slow_s=0.5, timeout_s=4
    )
    with engine_in(tmp_path) as engine:
        setup = StreamSetup(engine, stream, None)
    assert (setup.slow_ns, setup.timeout_ns) == (8 * SECOND_NS + SECOND_NS // 2, 12 * SECOND_NS)


def test_connections_are_numbered_over_all_streams(tmp_path: Path) -> None:
    with engine_in(tmp_path) as engine:
        web = StreamSetup(engine, Stream(number=0, workload=Workload.CONNECT, target=target_of(80)), None)
        local = Target(frontend="fe", where="test.cfg:2", address="/run/x.sock")
        unix = StreamSetup(engine, Stream(number=1, workload=Workload.CONNECT, target=local), None)
        made = [setup.make_connection() for setup in (web, unix, web)]
    families = [connection.socket.family for connection in made]
    for connection in made:
        connection.close()
    assert [connection.number for connection in made] == [1, 2, 3]
    assert families == [socket.AF_INET, socket.AF_UNIX, socket.AF_INET]


@pytest.mark.parametrize(("tls", "kind"), [(None, Connection), (ssl.create_default_context(), TlsConnection)])
def test_only_tls_is_spoken_where_there_is_a_context(
    tmp_path: Path, tls: ssl.SSLContext | None, kind: type[Connection]
) -> None:
    with engine_in(tmp_path) as engine:
        setup = StreamSetup(engine, Stream(number=0, workload=Workload.CONNECT, target=target_of(443)), tls)
        connection = setup.make_connection()
    connection.close()
    assert type(connection) is kind


def test_a_name_is_not_looked_up(tmp_path: Path) -> None:
    named = Target(frontend="fe", where="test.cfg:1", address="lb1.example.com", port=80)
    with engine_in(tmp_path) as engine, pytest.raises(LoadError, match="not an IP address"):
        StreamSetup(engine, Stream(number=0, workload=Workload.CONNECT, target=named), None)
