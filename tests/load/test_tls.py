"""How a stream speaks TLS. Handshakes and records are tested through clients and a real HAProxy."""

from pathlib import Path

import pytest

from hitless.errors import LoadError
from hitless.load.tls import client_context
from hitless.records import Request, Stream, Workload
from tests.load.engine_bed import target_of


def test_only_streams_that_speak_tls_have_a_context() -> None:
    assert client_context(Stream(number=0, workload=Workload.CONNECT, target=target_of(1))) is None
    payload = Stream(number=0, workload=Workload.CONNECT, target=target_of(1), tls_payload=True)
    assert client_context(payload) is not None
    assert (
        client_context(Stream(number=0, workload=Workload.CONNECT, target=target_of(1, tls=True))) is not None
    )


def test_a_client_certificate_that_cannot_be_used(tmp_path: Path) -> None:
    target = target_of(1, tls=True, client_certificate=str(tmp_path / "absent.pem"))
    with pytest.raises(LoadError, match="client certificate"):
        client_context(Stream(number=0, workload=Workload.CONNECT, target=target))


def test_a_host_that_is_no_server_name() -> None:
    request = Request(host="." + "x" * 300)
    with pytest.raises(LoadError, match="server name"):
        client_context(
            Stream(number=0, workload=Workload.CONNECT, target=target_of(1, tls=True), request=request)
        )
