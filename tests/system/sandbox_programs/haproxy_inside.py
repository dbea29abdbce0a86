"""Runs inside the sandbox: stand-ins for a configuration, a real HAProxy on it, a request to each address.

Arguments: haproxy, the configuration, the tier. The last line on stdout is JSON.
"""

import json
import os
import select
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

from hitless.config.model import Directive, FileReference, Model, Proxy
from hitless.sandbox.entry import TierKind
from hitless.sandbox.standins import plan_stand_ins
from hitless.sandbox.write_standins import known_groups, known_users, read_path_state, write_stand_ins


def _references(lacking: str) -> tuple[FileReference, ...]:
    return (
        FileReference("chroot", f"{lacking}/chroot", "haproxy.cfg:2"),
        FileReference("user", "hitless-lacking", "haproxy.cfg:3"),
        FileReference("group", "hitless-lacking", "haproxy.cfg:4"),
        FileReference("socket", "/run/haproxy/admin.sock", "haproxy.cfg:5"),
        FileReference("certificate", "/etc/ssl/private/hitless-lacking.pem", "haproxy.cfg:21", "bind"),
        FileReference("map", f"{lacking}/hosts.map", "haproxy.cfg:23", "str"),
        FileReference("map", f"{lacking}/paths.map", "haproxy.cfg:24", "reg"),
        FileReference("acl", f"{lacking}/blocked.lst", "haproxy.cfg:25", "ip"),
        FileReference("error-file", f"{lacking}/errors/503.http", "haproxy.cfg:26"),
        FileReference("ca", f"{lacking}/clients.pem", "haproxy.cfg:22"),
        FileReference("dh", f"{lacking}/dh.pem", "haproxy.cfg:7"),
        FileReference("lua", f"{lacking}/script.lua", "haproxy.cfg:8"),
        FileReference("pidfile", "/run/hitless-lacking/haproxy.pid", "haproxy.cfg:9"),
        FileReference("crt-list", f"{lacking}/list.txt", "haproxy.cfg:23"),
        FileReference("ticket-keys", f"{lacking}/tickets", "haproxy.cfg:23"),
        FileReference("crl", f"{lacking}/crl.pem", "haproxy.cfg:22"),
        FileReference("spoe", f"{lacking}/spoe.cfg", "haproxy.cfg:27"),
    )


def _ask(
    family: int, address: tuple[str, int], source: str, client: str | None = None, *, tls: bool = False
) -> str:
    with socket.socket(family) as plain:
        plain.settimeout(30)
        if source:
            plain.bind((source, 0))
        plain.connect(address)
        connection = plain
        if tls:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            if client:
                context.load_cert_chain(client)
            connection = context.wrap_socket(plain)
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        answer = b""
        while chunk := connection.recv(4096):
            answer += chunk
    return answer.split(b"\r\n", 1)[0].decode()


def _start(haproxy: str, configuration: str) -> "tuple[subprocess.Popen[bytes], str]":
    process = subprocess.Popen([haproxy, "-W", "-f", configuration], stderr=subprocess.PIPE)
    assert process.stderr is not None
    seen, deadline = b"", time.monotonic() + 30
    while b"Loading success" not in seen:
        assert select.select([process.stderr], [], [], max(0, deadline - time.monotonic()))[0], seen
        chunk = os.read(process.stderr.fileno(), 65536)
        if not chunk:
            break
        seen += chunk
    return process, seen.decode()


def main() -> None:
    haproxy, configuration, tier, lacking = sys.argv[1:]
    spoe = Directive(("filter", "spoe", "engine", "guard", "config", "x"), "haproxy.cfg:27")
    model = Model(
        (configuration,),
        (),
        (
            Proxy("frontend", "www", "haproxy.cfg:15", "http", directives=(spoe,)),
            Proxy("backend", "other", "haproxy.cfg:30", "tcp"),
        ),
        file_references=_references(lacking),
    )
    plans = plan_stand_ins(
        model, exists=read_path_state, tier=TierKind(tier), users=known_users(), groups=known_groups()
    )
    stand_ins, certificates = write_stand_ins(plans)
    checked = subprocess.run(
        [haproxy, "-c", "-f", configuration], capture_output=True, text=True, check=False
    )
    result: dict[str, object] = {"check": checked.returncode, "messages": checked.stderr}
    process, messages = _start(haproxy, configuration)
    result["started"] = messages
    if "Loading success" in messages:
        result["answers"] = [
            _ask(socket.AF_INET, ("192.168.10.25", 80), "198.18.7.9"),
            _ask(socket.AF_INET, ("192.168.10.25", 80), ""),
            _ask(socket.AF_INET, ("127.0.0.1", 8080), "198.18.7.9"),
            _ask(socket.AF_INET6, ("2001:db8::25", 80), "2001:db8:9::7"),
            _ask(socket.AF_INET, ("192.168.10.25", 443), "198.18.7.9", tls=True),
            _ask(socket.AF_INET, ("192.168.10.25", 8443), "198.18.7.9", certificates.client, tls=True),
        ]
        result["socket"] = Path("/run/haproxy/admin.sock").is_socket()
        with socket.socket(socket.AF_UNIX) as stats:
            stats.connect("/run/haproxy/admin.sock")
            stats.sendall(b"show version\n")
            result["version"] = stats.recv(100).decode().strip()
    process.terminate()
    process.communicate(timeout=30)
    result["stand_ins"] = [[entry.kind, entry.name] for entry in stand_ins]
    sys.stdout.write(json.dumps(result))


main()
