"""HTTP/2 clients as a plan asks for them; tests/load/test_h2_client.py tests what they do."""

from pathlib import Path

import pytest
from hpack import Decoder

from hitless.attempts import FLAG_IDEMPOTENT
from hitless.errors import LoadError
from hitless.load.schedule import Pace
from hitless.load.setup import StreamSetup
from hitless.load.workloads.h2 import make_clients
from hitless.records import Request, Stream, Workload
from tests.load.engine_bed import engine_in, target_of

CLEAR: dict[str, object] = {"h2_prior_knowledge": True}


def stream_to(target: dict[str, object], *, lanes: int = 1, request: Request | None = None) -> Stream:
    return Stream(
        number=0,
        workload=Workload.H2,
        target=target_of(8443, **target),
        request=request or Request(),
        streams_per_connection=lanes,
    )


def test_each_client_has_its_streams(tmp_path: Path) -> None:
    paces = [Pace(number) for number in range(5)]
    with engine_in(tmp_path) as engine:
        clients = make_clients(StreamSetup(engine, stream_to(CLEAR, lanes=2), None), paces)
    assert [[lane.pace for lane in client._lanes] for client in clients] == [paces[:2], paces[2:4], paces[4:]]


@pytest.mark.parametrize(
    ("target", "scheme"),
    [(CLEAR, "http"), ({"tls": True, "alpn": ("h2", "http/1.1")}, "https")],
)
@pytest.mark.parametrize(
    ("request_", "authority", "idempotent"),
    [
        (Request(path="/a?b", headers=(("X-A", "1"),)), "127.0.0.1:8443", True),
        (Request(method="POST", host="x.example.com"), "x.example.com", False),
    ],
)
def test_the_request_is_encoded_once(
    tmp_path: Path,
    target: dict[str, object],
    scheme: str,
    request_: Request,
    authority: str,
    idempotent: bool,  # noqa: FBT001 - a case
) -> None:
    with engine_in(tmp_path) as engine:
        setup = StreamSetup(engine, stream_to(target, request=request_), None)
        (client,) = make_clients(setup, [Pace(0)])
    headers = [(str(name), str(value)) for name, value in Decoder().decode(client._block)]
    assert headers == [
        (":method", request_.method),
        (":scheme", scheme),
        (":authority", authority),
        (":path", request_.path),
        *((name.lower(), value) for name, value in request_.headers),
    ]
    assert bool(setup.flags & FLAG_IDEMPOTENT) is idempotent


@pytest.mark.parametrize("target", [{}, {"tls": True}, {"tls": True, "alpn": ("http/1.1",)}])
def test_a_target_that_does_not_speak_it_is_refused(tmp_path: Path, target: dict[str, object]) -> None:
    with engine_in(tmp_path) as engine, pytest.raises(LoadError, match=r"test\.cfg:1: HTTP/2 needs ALPN"):
        make_clients(StreamSetup(engine, stream_to(target), None), [Pace(0)])


def test_a_request_that_is_more_than_one_line_is_refused(tmp_path: Path) -> None:
    stream = stream_to(CLEAR, request=Request(path="/\r\nX: y"))
    with engine_in(tmp_path) as engine, pytest.raises(LoadError):
        make_clients(StreamSetup(engine, stream, None), [Pace(0)])
