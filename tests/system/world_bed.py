"""A private network for a test, with the simulated world and a real HAProxy in it."""

import ctypes
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from hitless.config import build_model, parse
from hitless.config.model import Model
from hitless.records import Event
from hitless.sandbox.network import SANDBOX_SYSCTLS, set_up_network
from hitless.sandbox.syscalls import Namespace, unshare
from hitless.sandbox.world import WorldPlan, WorldProcess

EventReader = Callable[[], list[Event]]
_WITH_RESOLV_CONF = 'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"'


@contextmanager
def private_network() -> Iterator[None]:
    """The calling thread, and what it starts, in a network of its own where every address answers."""
    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        unshare(Namespace.NET)
        set_up_network(SANDBOX_SYSCTLS)
        yield
    finally:
        if ctypes.CDLL(None, use_errno=True).setns(own, int(Namespace.NET)):
            raise OSError(ctypes.get_errno(), "setns")
        os.close(own)


def model_of(text: str) -> Model:
    return build_model(
        [parse(text.encode(), filename="haproxy.cfg")], environment={"HAPROXY_LOCALPEER": "local"}
    )


@contextmanager
def world(plan: WorldPlan, directory: Path) -> Iterator[EventReader]:
    """Run the world; the result reads its events so far."""
    path = directory / "events.jsonl"
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        with WorldProcess(plan, descriptor) as process:
            assert process.wait_ready(60).failed == ()
            yield lambda: [msgspec.json.decode(line, type=Event) for line in path.read_bytes().splitlines()]
    finally:
        os.close(descriptor)


@contextmanager
def haproxy_process(
    binary: str, text: str, plan: WorldPlan, directory: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run HAProxy on a configuration, with the plan's resolv.conf, until its stats socket answers."""
    config = directory / "haproxy.cfg"
    config.write_text(text)
    resolv_conf = directory / "resolv.conf"
    resolv_conf.write_text(plan.resolv_conf)
    errors = directory / "haproxy.err"
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _WITH_RESOLV_CONF, "sh"]
    command += [str(resolv_conf), binary, "-db", "-f", str(config)]
    with (
        errors.open("wb") as stderr,
        subprocess.Popen(command, stderr=stderr, stdin=subprocess.DEVNULL) as process,
    ):
        try:
            wait_until(lambda: process.poll() is not None or ask(directory, "show info"), errors.read_text)
            assert process.poll() is None, errors.read_text()
            yield process
        finally:
            process.kill()


def ask(directory: Path, command: str) -> str:
    """Return what the stats socket answers; "" while nobody listens."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        try:
            client.connect(str(directory / "stats.sock"))
        except OSError:
            return ""
        client.sendall(command.encode() + b"\n")
        return b"".join(iter(lambda: client.recv(65536), b"")).decode()


def server_states(directory: Path) -> dict[str, tuple[str, str]]:
    """Return status and last check ("L7OK/200") of each server."""
    header, *rows = ask(directory, "show stat").splitlines()
    keys = header.lstrip("# ").split(",")
    found = {}
    for row in rows:
        fields = dict(zip(keys, row.split(","), strict=False))
        if fields.get("svname") not in {"FRONTEND", "BACKEND", None}:
            found[f"{fields['pxname']}/{fields['svname']}"] = (fields["status"], fields["check_status"])
    return found


def wait_until(
    condition: Callable[[], object], explain: Callable[[], object], timeout_s: float = 60.0
) -> None:
    """Wait for a condition that another process brings about."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, explain()
        time.sleep(0.02)
