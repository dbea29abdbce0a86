"""What the clients do; one module for each workload.

A workload makes the clients of one stream: `make_clients(setup, paces)`, one client for each pace. Modules are imported
when a plan asks for them: TLS, WebSocket and HTTP/2 cost start-up time.
"""

from importlib import import_module

from hitless.load.engine import Engine, EngineClient
from hitless.load.schedule import pace_of, share
from hitless.load.setup import StreamSetup
from hitless.records import Stream, Workload

__all__ = ["make_stream_clients"]

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


def make_stream_clients(
    engine: Engine, stream: Stream, start_ns: int, *, process: int, processes: int
) -> list[EngineClient]:
    """Return this process's share of a stream's clients.

    Raises: LoadError if the stream cannot be spoken to (address, certificate, request).
    """
    tls = None
    if stream.target.tls or stream.tls_payload:
        from hitless.load.tls import client_context  # ssl costs 20 ms of start-up

        tls = client_context(stream)
    numbers = share(stream.connections, stream=stream.number, process=process, processes=processes)
    module = import_module(f"{__name__}.{_MODULES[stream.workload]}")
    lanes = stream.streams_per_connection if stream.workload is Workload.H2 else 1
    paces = [pace_of(stream, number * lanes + lane, start_ns) for number in numbers for lane in range(lanes)]
    clients: list[EngineClient] = module.make_clients(StreamSetup(engine, stream, tls), paces)
    return clients
