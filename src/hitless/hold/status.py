"""What a holder says of itself, as JSON. Rendered from `hitless.holding`."""

import os
import socket
import time

from hitless import __version__
from hitless.hold.held import Held, Instance
from hitless.hold.instance import spec_document
from hitless.hold.queue import read_queue

__all__ = ["status_document"]


def status_document(instances: dict[str, Instance], directory: str, started_s: float) -> dict[str, object]:
    """Return the status; times are seconds that have passed, or seconds since 1970 where they end in `at_s`."""
    now_s = time.monotonic()
    return {
        "tool_version": __version__,
        "pid": os.getpid(),
        "directory": directory,
        "uptime_s": round(now_s - started_s, 3),
        "instances": [_instance(instance, now_s) for instance in instances.values()],
    }


def _instance(instance: Instance, now_s: float) -> dict[str, object]:
    return {
        **spec_document(instance.spec),
        "processes": [process.pid for process in instance.members],
        "problem": instance.problem,
        "sockets": [_socket(held, now_s) for held in instance.sockets.values()],
        "let_go": [
            {"endpoint": gone.endpoint, "inode": gone.inode, "why": gone.why, "at_s": round(gone.at_s, 3)}
            for gone in instance.let_go
        ],
    }


def _socket(held: Held, now_s: float) -> dict[str, object]:
    listener = held.listener
    tcp = (
        listener.kind == socket.SOCK_STREAM and ":" in listener.endpoint and listener.endpoint[:1] not in "/@"
    )
    length, limit = read_queue(listener.descriptor, tcp=tcp)
    since_s = held.unattended_since_s
    return {
        "endpoint": listener.endpoint,
        "kind": "stream" if listener.kind == socket.SOCK_STREAM else "datagram",
        "inode": listener.inode,
        "interface": listener.interface,
        "namespace": listener.namespace,
        "acceptors": list(held.acceptors),
        "unattended_since_s": since_s,
        "last_start_ticks": held.last_start_ticks,
        "unattended_s": None if since_s is None else round(now_s - since_s, 3),
        "queue_length": length,
        "queue_limit": limit,
    }
