"""A new connection for each request: what a listener gap or a lost accept queue hurts first."""

from hitless.load.client import Client
from hitless.load.echo_client import EchoClient
from hitless.load.http_client import HttpClient, HttpSetup
from hitless.load.schedule import Pace
from hitless.load.setup import StreamSetup

__all__ = ["make_clients"]


def make_clients(setup: StreamSetup, paces: list[Pace]) -> list[Client]:
    """Return one client for each pace; in mode tcp a line and its echo stand for request and response."""
    if setup.stream.target.mode == "tcp":
        return [EchoClient(setup, pace, keep_connection=False) for pace in paces]
    http = HttpSetup(setup, keep_connections=False, extra=(("Connection", "close"),))
    return [HttpClient(http, pace) for pace in paces]
