"""The header, byte by byte."""

import socket

import pytest

from hitless.load.proxy_protocol import SIGNATURE, proxy_header


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_the_header_names_both_ends(family: socket.AddressFamily, host: str) -> None:
    with socket.create_server((host, 0), family=family) as server, socket.socket(family) as client:
        client.connect(server.getsockname())
        header = proxy_header(client, server.getsockname())
        source, target = client.getsockname(), server.getsockname()
    kind, size = (0x11, 12) if family == socket.AF_INET else (0x21, 36)
    packed = socket.inet_pton(family, host) * 2 + source[1].to_bytes(2, "big") + target[1].to_bytes(2, "big")
    assert header == SIGNATURE + bytes([0x21, kind, 0, size]) + packed


def test_a_unix_socket_has_no_address_to_say() -> None:
    with socket.socket(socket.AF_UNIX) as client:
        assert proxy_header(client, "/run/x.sock") == SIGNATURE + b"\x20\x00\x00\x00"
