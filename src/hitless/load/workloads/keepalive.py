"""A pool of kept connections, each busy at its pace: HTTP keep-alive as an API client or a proxy in front uses it."""

from hitless.load.client import Client
from hitless.load.http_client import HttpClient, HttpSetup
from hitless.load.schedule import Pace
from hitless.load.setup import StreamSetup

__all__ = ["make_clients"]


def make_clients(setup: StreamSetup, paces: list[Pace]) -> list[Client]:
    """Return one client, with its connection, for each pace."""
    http = HttpSetup(setup, keep_connections=True)
    return [HttpClient(http, pace) for pace in paces]
