"""Long-lived sessions through a TCP frontend: a line and its echo every `idle_s`."""

from hitless.load.client import Client
from hitless.load.echo_client import EchoClient
from hitless.load.schedule import Pace
from hitless.load.setup import StreamSetup

__all__ = ["make_clients"]


def make_clients(setup: StreamSetup, paces: list[Pace]) -> list[Client]:
    """Return one client, with its session, for each pace."""
    setup.long_lived = True
    return [EchoClient(setup, pace, keep_connection=True) for pace in paces]
