"""The PROXY protocol's header, read past (doc/proxy-protocol.txt)."""

from hitless.sandbox.world.servers.sniff import PROXY_V2

__all__ = ["after_proxy_header_v1", "after_proxy_header_v2"]

_V1_SIZE_BYTES = 107
"""The longest text header, line end included (section 2.1)."""


def after_proxy_header_v1(data: bytes) -> bytes | None:
    """Return the bytes behind a text header; None: it is not complete.

    Raises: ValueError if it is longer than a header may be.
    """
    end = data.find(b"\r\n", 0, _V1_SIZE_BYTES)
    if end >= 0:
        return data[end + 2 :]
    if len(data) >= _V1_SIZE_BYTES:
        raise ValueError("PROXY header without an end")
    return None


def after_proxy_header_v2(data: bytes) -> bytes | None:
    """Return the bytes behind a binary header; None: it is not complete."""
    fixed = len(PROXY_V2) + 4
    if len(data) < fixed:
        return None
    end = fixed + int.from_bytes(data[fixed - 2 : fixed])
    return data[end:] if len(data) >= end else None
