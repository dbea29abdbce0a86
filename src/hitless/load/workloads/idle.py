"""A pool of kept connections that mostly rest: those that a reload closes under their clients.

The same client as `keepalive`; the rest between two requests (`Stream.idle_s`) is in its pace.
"""

from hitless.load.workloads.keepalive import make_clients

__all__ = ["make_clients"]
