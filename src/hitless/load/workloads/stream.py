"""Long downloads and server-sent events: a response that goes on for `duration_s`, chunk by chunk.

The simulated servers obey `X-Hitless: stream-ms=N; chunk-ms=N`.
"""

from hitless.load.client import Client
from hitless.load.http_client import HttpClient, HttpSetup
from hitless.load.schedule import Pace
from hitless.load.setup import StreamSetup

__all__ = ["make_clients"]

CHUNK_MS = 100


def make_clients(setup: StreamSetup, paces: list[Pace]) -> list[Client]:
    """Return one client for each pace; a response that ends before its end is a cut stream."""
    setup.long_lived = True
    length_ms = round(setup.stream.duration_s * 1000)
    extra = (("X-Hitless", f"stream-ms={length_ms}; chunk-ms={CHUNK_MS}"), ("Connection", "close"))
    http = HttpSetup(setup, keep_connections=False, extra=extra)
    return [HttpClient(http, pace) for pace in paces]
