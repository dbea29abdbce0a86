"""Long-lived sessions through a TCP frontend: a line and its echo every `idle_s`."""

from hitless.load.client import Client, StreamSetup
from hitless.load.echo_client import EchoClient
from hitless.load.schedule import Pace

__all__ = ["make_clients"]


def make_clients(setup: StreamSetup, paces: list[Pace]) -> list[Client]:
    """Return one client, with its session, for each pace."""
    setup.long_lived = True
    return [EchoClient(setup, pace, keep_connection=True) for pace in paces]
