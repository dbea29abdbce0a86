"""Asking candidates of a server that answers one of them."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from hitless.errors import Interrupted
from hitless.prove.channel import Channel
from hitless.prove.probe import probe
from hitless.prove.requests import probe_streams
from hitless.records import Request, Target
from tests.prove.pipes import Pipes


class Handler(BaseHTTPRequestHandler):
    """Knows one path; `answered` are those that it was asked for."""

    answered: ClassVar[dict[str, threading.Event]] = {}

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/there" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.answered[self.path].set()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    monkeypatch.setattr(Handler, "answered", {path: threading.Event() for path in ("/", "/there")})
    monkeypatch.setattr("hitless.prove.probe.READY_DEADLINE_S", 60.0)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield Target(frontend="www", where="h.cfg:1", address="127.0.0.1", port=server.server_port)
        server.shutdown()
        thread.join()


def test_the_request_that_is_answered_best(
    tmp_path: Path, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait_until_both_are_answered(_channel: Channel, _timeout_s: float) -> None:
        assert all(event.wait(60) for event in Handler.answered.values())

    monkeypatch.setattr(Channel, "wait", wait_until_both_are_answered)
    tried = {"www": (Request(), Request(path="/there"))}
    streams = probe_streams([target], tried, tls_payload=frozenset())
    with Pipes(tmp_path) as pipes:
        assert probe(streams, pipes.channel) == {"www": (Request(path="/there"), 0)}


def test_it_stops_when_hitless_has_gone(tmp_path: Path, target: Target) -> None:
    streams = probe_streams([target], {}, tls_payload=frozenset())
    with Pipes(tmp_path) as pipes:
        pipes.hang_up()
        with pytest.raises(Interrupted):
            probe(streams, pipes.channel)
