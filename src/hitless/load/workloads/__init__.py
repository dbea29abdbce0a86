"""What the clients do; one module for each workload.

A workload makes the clients of one stream: `make_clients(setup, paces)`, one client for each pace. Modules are imported
when a plan asks for them: TLS, WebSocket and HTTP/2 cost start-up time.
"""

from importlib import import_module

from hitless.load.engine import Engine, EngineClient
from hitless.load.schedule import pace_of, share
from hitless.load.setup import StreamSetup
from hitless.records import Stream, Workload

__all__ = ["PreparedStream"]

_MODULES = {
    Workload.CONNECT: "connect",
    Workload.KEEPALIVE: "keepalive",
    Workload.IDLE: "idle",
    Workload.INFLIGHT: "inflight",
    Workload.UPLOAD: "upload",
    Workload.STREAM: "stream",
    Workload.WEBSOCKET: "websocket",
    Workload.H2: "h2",
    Workload.TCP: "tcp",
}


class PreparedStream:
    """A stream whose modules are imported and whose target is resolved: what is slow is done before time counts."""

    def __init__(self, engine: Engine, stream: Stream) -> None:
        """Raises: LoadError if the stream cannot be spoken to (address, certificate)."""
        tls = None
        if stream.target.tls or stream.tls_payload:
            from hitless.load.tls import client_context  # ssl costs 20 ms of start-up

            tls = client_context(stream)
        self._setup = StreamSetup(engine, stream, tls)
        self._module = import_module(f"{__name__}.{_MODULES[stream.workload]}")

    def make_clients(self, start_ns: int, *, process: int, processes: int) -> list[EngineClient]:
        """Return this process's share of the stream's clients. Raises: LoadError if the request cannot be sent."""
        stream = self._setup.stream
        numbers = share(stream.connections, stream=stream.number, process=process, processes=processes)
        lanes = stream.streams_per_connection if stream.workload is Workload.H2 else 1
        paces = [
            pace_of(stream, number * lanes + lane, start_ns) for number in numbers for lane in range(lanes)
        ]
        clients: list[EngineClient] = self._module.make_clients(self._setup, paces)
        return clients
