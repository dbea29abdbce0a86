"""The PROXY protocol header, version 2, that a bind with `accept-proxy` wants before anything else.

Source: HAProxy doc/proxy-protocol.txt, section 2.2.
"""

import socket
import struct

__all__ = ["proxy_header"]

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
VERSION_2_PROXY = 0x21
TCP_OVER_IPV4 = 0x11
TCP_OVER_IPV6 = 0x21
VERSION_2_LOCAL = 0x20
UNSPECIFIED = 0x00


def proxy_header(
    client: socket.SocketType, server_address: tuple[str, int] | tuple[str, int, int, int] | str
) -> bytes:
    """Return the header that says who connects: the client's own address. A unix socket has none to say.

    Then the command is LOCAL: HAProxy 2.6.12 refuses PROXY without an address as an invalid header (tried).
    """
    if client.family == socket.AF_UNIX or isinstance(server_address, str):
        return SIGNATURE + struct.pack("!BBH", VERSION_2_LOCAL, UNSPECIFIED, 0)
    source, server = client.getsockname(), server_address
    hosts = [socket.inet_pton(client.family, address[0].partition("%")[0]) for address in (source, server)]
    family = TCP_OVER_IPV4 if client.family == socket.AF_INET else TCP_OVER_IPV6
    addresses = b"".join(hosts) + struct.pack("!HH", source[1], server[1])
    return SIGNATURE + struct.pack("!BBH", VERSION_2_PROXY, family, len(addresses)) + addresses
