"""What all clients of one stream share, resolved once."""

from typing import TYPE_CHECKING

from hitless.load.connection import Connection, Endpoint, resolve_endpoint
from hitless.load.engine import Engine
from hitless.records import Stream
from hitless.units import NANOSECONDS_PER_SECOND

if TYPE_CHECKING:
    import ssl

__all__ = ["StreamSetup"]


class StreamSetup:
    """Units: nanoseconds. Workloads add to it before they make their clients."""

    __slots__ = ("endpoint", "engine", "flags", "long_lived", "number", "slow_ns", "stream", "timeout_ns")

    def __init__(self, engine: Engine, stream: Stream, tls: "ssl.SSLContext | None") -> None:
        """Resolve what can be resolved once. Raises: LoadError for an address of no use."""
        duration_ns = int(stream.duration_s * NANOSECONDS_PER_SECOND)
        self.engine = engine
        self.stream = stream
        self.number = stream.number
        self.endpoint: Endpoint = resolve_endpoint(stream, tls)
        self.slow_ns = int(stream.slow_s * NANOSECONDS_PER_SECOND) + duration_ns
        self.timeout_ns = int(stream.timeout_s * NANOSECONDS_PER_SECOND) + duration_ns
        self.flags = 0
        """Flags that every attempt of the stream carries."""
        self.long_lived = False
        """An exchange is a session: what is lost is more than one answer (see `classify_loss`)."""

    def make_connection(self) -> Connection:
        """Return a new connection, not yet opened. Raises: OSError if there is no socket left."""
        engine, endpoint = self.engine, self.endpoint
        engine.connections += 1
        if endpoint.tls is None:
            return Connection(engine.connections, endpoint.family)
        from hitless.load.tls import TlsConnection  # ssl costs 20 ms of start-up

        return TlsConnection(engine.connections, endpoint.family, endpoint)
