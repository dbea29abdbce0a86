"""What a frontend keeps open, and speaks."""

import pytest

from hitless.audit.keep_alive import keeps_http1_alive, only_statistics, speaks_http2, speaks_quic
from hitless.subject import Subject
from tests.audit.fixtures import read_snapshot


def subject(frontend: str, backend: str = "", version: str = "2.8.25") -> Subject:
    text = f"frontend f\n mode http\n timeout client 30s\n {frontend}\nbackend b\n mode http\n {backend}\n"
    snapshot = read_snapshot(f"```cfg\n{text}```\n```version {version}\n```")
    assert snapshot is not None
    return Subject(snapshot, snapshot.instances[0])


@pytest.mark.parametrize(
    ("frontend", "backend", "keeps"),
    [
        ("bind :80", "", True),
        ("bind :80\n mode tcp", "", False),
        ("bind :80\n option httpclose", "", False),
        ("bind :80\n option httpclose\n no option httpclose", "", True),
        ("bind :80\n option httpclose\n option http-keep-alive", "", True),
        ("bind :80\n option http-server-close", "", True),
        ("bind :80\n default_backend b", "option httpclose", True),
        ("bind :80\n default_backend b", "http-response set-header Connection close", False),
        (
            "bind :80\n use_backend x if FALSE\n default_backend b",
            "http-response set-header connection close",
            True,
        ),
        ("bind :80\n http-response set-header Connection close", "", False),
        ("bind :80\n http-response set-header Connection close if FALSE", "", True),
        ("bind :80\n timeout http-keep-alive 1", "", False),
        ("bind :80\n timeout http-keep-alive 0", "", True),
        ("bind :80\n timeout http-keep-alive 1s", "", True),
        ("bind :8404\n stats enable\n stats uri /", "", False),
        ("bind :8404\n stats enable\n default_backend b", "", True),
        ("bind :443 ssl alpn h2", "", False),
        ("bind :443 ssl alpn h2\n bind :80", "", True),
        ("bind :443 ssl alpn h2,http/1.1", "", True),
        ("bind :80 proto h2", "", False),
        ("bind quic4@:443 ssl alpn h3", "", False),
    ],
)
def test_whether_http1_clients_hold_idle_connections(frontend: str, backend: str, *, keeps: bool) -> None:
    found = subject(frontend, backend)
    assert keeps_http1_alive(found, found.frontends[0]) is keeps


@pytest.mark.parametrize(
    ("bind", "version", "h2"),
    [
        ("bind :443 ssl alpn h2,http/1.1", "2.4.0", True),
        ("bind :443 ssl alpn http/1.1", "2.8.25", False),
        ("bind :443 ssl", "2.6.12", False),
        ("bind :443 ssl", "2.8.25", True),
        ("bind :443 ssl no-alpn", "2.8.25", False),
        ("bind :80", "2.8.25", False),
        ("bind :80 proto h2", "2.8.25", True),
        ("bind quic4@:443 ssl", "2.8.25", False),
    ],
)
def test_whether_http2_is_spoken(bind: str, version: str, *, h2: bool) -> None:
    found = subject(bind, version=version)
    assert speaks_http2(found, found.frontends[0].binds[0]) is h2


def test_quic_and_statistics() -> None:
    quic = subject("bind quic4@:443,quic6@:443 ssl").frontends[0]
    assert speaks_quic(quic.binds[0])
    assert not speaks_quic(subject("bind :443 ssl").frontends[0].binds[0])
    metrics = subject(
        "bind :9\n http-request use-service prometheus-exporter if { path /metrics }"
    ).frontends[0]
    assert only_statistics(metrics)
    assert not only_statistics(quic)
