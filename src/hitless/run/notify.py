"""What HAProxy tells its service manager, and what of that is passed on. Pure.

Its master says READY=1 as soon as it has forked (up to 3.0), after a failed reload as well, and names itself the main
process. Whoever runs it is the main process, and says READY=1 on proof. The rest is passed on.

Source: HAProxy v2.8.0 src/haproxy.c, v3.2.0 src/mworker.c sd_notify(); sd_notify(3).
"""

__all__ = ["passed_on"]

_PASSED_ON = ("STATUS=", "ERRNO=", "EXTEND_TIMEOUT_USEC=", "X_")
_MOST_BYTES = 4096


def passed_on(message: bytes) -> bytes:
    """Return the lines of a notification that go on to the service manager; b"" if none does."""
    lines = message[:_MOST_BYTES].decode("utf-8", "replace").split("\n")
    return "\n".join(line for line in lines if line.startswith(_PASSED_ON)).encode()
