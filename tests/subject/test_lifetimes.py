"""How long old processes may live."""

import math

import pytest

from hitless.subject import Subject
from hitless.subject.lifetimes import (
    backends_of,
    global_time,
    hard_stop,
    idle_between_requests,
    old_processes,
    spell,
    suggested_hard_stop_s,
    timeout_of,
    tunnel_users,
)
from tests.audit.fixtures import read_snapshot

DEFAULTS = "defaults\n mode http\n timeout client 30s\n timeout server 2h\n timeout tunnel 0\n"


def subject(configuration: str, extra: str = "") -> Subject:
    snapshot = read_snapshot(f"```cfg\n{configuration}```\n{extra}")
    assert snapshot is not None
    return Subject(snapshot, snapshot.instances[0])


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30m", 1800.0), ("30", 0.03), ("infinite", math.inf), ("0", 0.0), ("nonsense", None), ("", None)],
)
def test_a_time_of_global_is_read(text: str, seconds: float | None) -> None:
    found = global_time(subject(f"global\n hard-stop-after {text}\n"), "hard-stop-after")
    assert (found and found.seconds) == (seconds if seconds is not None else None)


def test_the_last_line_counts_and_zero_is_none() -> None:
    assert hard_stop(subject("global\n hard-stop-after 1h\n hard-stop-after 0\n")) is None
    assert hard_stop(subject("global\n hard-stop-after infinite\n")) is None
    found = hard_stop(subject("global\n hard-stop-after 1h\n hard-stop-after 5s\n"))
    assert found is not None
    assert (found.seconds, found.where) == (5.0, "/etc/haproxy/haproxy.cfg:3")


def test_the_timeouts_in_force() -> None:
    model = subject(DEFAULTS + "listen w\n bind :80\n server a 192.0.2.1:80\n")
    proxy = model.frontends[0]
    assert timeout_of(proxy, "tunnel") is None, "0 is no limit"
    idle = idle_between_requests(proxy)
    assert idle is not None
    assert idle.seconds == 30.0
    assert suggested_hard_stop_s(model) == 7200.0


def test_backends_are_those_named() -> None:
    text = "frontend f\n bind :80\n use_backend x if TRUE\n default_backend y\n"
    text += "".join(f"backend {n}\n server a 192.0.2.1:80\n" for n in "xyz")
    found = subject(text)
    assert {p.name for p in backends_of(found, found.frontends[0])} == {"x", "y"}


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("acl w hdr(Upgrade) -i WebSocket\n use_backend b if w\n", ["b"]),
        ("use_backend b if { req.hdr(upgrade) -m str websocket }\n", ["b"]),
        ("acl w hdr(Upgrade) -i WebSocket\n http-request deny if w\n", []),
        ("use_backend b if { path_beg /websocket }\n", []),
        ("use_backend b if { method CONNECT }\n", ["b"]),
        ("use_backend\n acl\n", []),
    ],
)
def test_tunnels_are_believed_where_they_are_routed(lines: str, expected: list[str]) -> None:
    text = f"defaults\n mode http\nfrontend f\n bind :80\n {lines}backend b\n server a 192.0.2.1:80\n"
    assert [proxy.name for proxy, _ in tunnel_users(subject(text))] == expected


def test_a_server_that_speaks_websocket() -> None:
    found = list(tunnel_users(subject("backend b\n mode http\n server a 192.0.2.1:80 ws h1\n")))
    assert [(proxy.name, line) for proxy, line in found] == [("b", None)]


def test_an_old_process_has_been_old_since_its_successor_began() -> None:
    rows = [(1, 0, 5), (2, 1, 100), (3, 2, 1000)]
    processes = ",".join(
        f'{{"pid":{p},"parent_pid":1,"role":"worker","generation":{g},"age_s":{a}}}' for p, g, a in rows
    )
    found = old_processes(subject("", f'```json instance\n{{"processes":[{processes}]}}\n```'))
    assert [(process.pid, since) for process, since in found] == [(2, 5.0), (3, 100.0)]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(1800.0, "30m"), (90.0, "90s"), (1.5, "1500ms"), (172800.0, "2d"), (math.inf, "infinite")],
)
def test_durations_are_spelt_as_configurations_do(seconds: float, text: str) -> None:
    assert spell(seconds) == text
