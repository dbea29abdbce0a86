"""Runs inside the sandbox: connects between addresses of every kind and reads sysctls. Output: JSON."""

import json
import socket
import sys

from hitless.sandbox.network import read_sysctls

_PAIRS = (
    ("0.0.0.0", "192.0.2.1", "198.18.3.4"),
    ("192.168.10.25", "192.168.10.25", "198.18.3.4"),
    ("127.0.0.1", "127.0.0.1", "198.18.3.4"),
    ("127.0.0.1", "127.0.0.1", ""),
    ("10.9.8.7", "10.9.8.7", "127.0.0.1"),
    ("8.8.8.8", "8.8.8.8", ""),
    ("::", "2001:db8::25", "2001:db8:9::7"),
    ("2001:db8::25", "2001:db8::25", "2001:db8:9::7"),
    ("::1", "::1", "2001:db8:9::7"),
    ("2001:db8::25", "2001:db8::25", ""),
    ("fd00::1", "fd00::1", "::1"),
    ("::", "10.1.1.1", "198.18.3.4"),
)


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _connect(bound: str, to: str, source: str) -> str:
    both = bound == "::"
    with (
        socket.create_server((bound, 0), family=_family(bound), dualstack_ipv6=both) as server,
        socket.socket(_family(to)) as client,
    ):
        client.settimeout(5)
        if source:
            client.bind((source, 0))
        client.connect((to, server.getsockname()[1]))
        accepted, peer = server.accept()
        accepted.close()
        return str(peer[0])


def main() -> None:
    socket.create_server(("203.0.113.9", 80)).close()
    peers = [[*pair, _connect(*pair)] for pair in _PAIRS]
    names = ("net.ipv4.tcp_migrate_req", "net.core.somaxconn", "net.ipv4.ip_unprivileged_port_start")
    sys.stdout.write(json.dumps({"peers": peers, "sysctls": read_sysctls(names)}))


main()
