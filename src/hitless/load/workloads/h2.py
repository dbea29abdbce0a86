"""HTTP/2: a few connections, several streams open at once on each; ALPN over TLS, or prior knowledge without.

Each stream is an attempt. A stream above the last one that GOAWAY names is `goaway_lost` and was not processed.

A GOAWAY is obeyed as soon as it is read, as RFC 9113 section 6.8 demands of every client and as `Connection: close` is
obeyed in HTTP/1; it is read while streams are open, and while the connection rests. A FIN without a GOAWAY, though, is
only noted: the client sends on the connection it has, and what it loses is a `stale_reuse`.
"""

from hitless.attempts import FLAG_IDEMPOTENT
from hitless.errors import LoadError
from hitless.load.h2_client import H2Client
from hitless.load.h2_lanes import H2Setup
from hitless.load.http1 import IDEMPOTENT_METHODS, request_bytes
from hitless.load.http2 import encode_request
from hitless.load.schedule import Pace
from hitless.load.setup import StreamSetup

__all__ = ["make_clients"]


def make_clients(setup: StreamSetup, paces: list[Pace]) -> list[H2Client]:
    """Return one client, with its connection, for each `streams_per_connection` paces.

    Raises: LoadError if the target is not set up for HTTP/2.
    """
    stream = setup.stream
    request, target = stream.request, stream.target
    if not (target.h2_prior_knowledge or (target.tls and "h2" in target.alpn)):
        raise LoadError(f"{target.where}: HTTP/2 needs ALPN with h2, or prior knowledge")
    host = request.host or (target.endpoint if target.port else "localhost")
    request_bytes(request, host)  # refuses what cannot be sent in one line
    if request.method in IDEMPOTENT_METHODS:
        setup.flags |= FLAG_IDEMPOTENT
    scheme = "https" if target.tls else "http"
    block = encode_request(request.method, scheme, host, request.path, request.headers)
    lanes = stream.streams_per_connection
    groups = [paces[first : first + lanes] for first in range(0, len(paces), lanes)]
    return [H2Client(H2Setup(setup, block), group) for group in groups]
