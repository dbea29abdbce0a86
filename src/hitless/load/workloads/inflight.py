"""Responses that take long, so that some are in flight whenever a reload happens.

The simulated servers obey `X-Hitless: delay-ms=N`; any other server answers as it likes.
"""

from hitless.load.client import Client
from hitless.load.http_client import HttpClient, HttpSetup
from hitless.load.schedule import Pace
from hitless.load.setup import StreamSetup

__all__ = ["make_clients"]


def make_clients(setup: StreamSetup, paces: list[Pace]) -> list[Client]:
    """Return one client for each pace, each with a new connection for every exchange."""
    delay_ms = round(setup.stream.duration_s * 1000)
    extra = (("X-Hitless", f"delay-ms={delay_ms}"), ("Connection", "close"))
    http = HttpSetup(setup, keep_connections=False, extra=extra)
    return [HttpClient(http, pace) for pace in paces]
