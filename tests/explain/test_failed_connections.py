"""Connections that failed, in logs: counted whole, and estimated where lines are too many to read."""

from pathlib import Path

import pytest

from hitless.explain import failed_connections
from hitless.explain.answer import explain
from hitless.explain.inputs.chosen import Chosen
from hitless.explanations import Counting, Explanation, FaultKind, Judgement
from tests.explain.stories import LOGS, READ, explain_bytes, log_lines, reload_log


def failure(second: int, *, port: int = 40000) -> str:
    clock = f"03:00:{second:02d}"
    return (
        f"Nov 29 {clock} lb1 haproxy[100]: 192.0.2.9:{port} [29/Nov/2026:{clock}.500] tls/1: "
        "SSL handshake failure"
    )


def faults(found: Explanation) -> list[tuple[FaultKind, str, int]]:
    return [(fault.kind, fault.frontend, fault.count) for fault in found.faults]


def test_what_a_real_haproxy_logged_and_kept() -> None:
    found = explain(
        Chosen(logs=(str(LOGS / "3.2.error-log"),), errors=(str(LOGS / "3.2.errors"),), read=READ)
    )
    assert [(fault.kind.value, fault.frontend) for fault in found.faults] == [
        ("invalid_request", "web"),
        ("invalid_response", "web"),
        ("connection_failed", "tls"),
        ("connection_failed", "tls"),
        ("connection_failed", "prox"),
    ]
    assert (
        found.faults[2]
        .quotes[0]
        .text.endswith("SSL handshake failure (error:0A00009C:SSL routines::http request)")
    )
    assert "1 invalid request, 1 invalid response and 3 failed connections" in found.story[0]


def test_they_are_told_beside_a_reload_and_do_not_make_it_harmful(tmp_path: Path) -> None:
    found = explain_bytes(tmp_path, reload_log(*(failure(s, port=s + 1024) for s in (21, 22, 23))))
    assert faults(found) == [(FaultKind.CONNECTION_FAILED, "tls", 3)]
    assert found.faults[0].event == 1
    assert found.faults[0].counting is Counting.COUNTED
    assert found.judgement is Judgement.HARMLESS
    assert found.story[-1] == "Besides, HAProxy saw 3 failed connections."


def test_of_many_some_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failed_connections, "_MOST", 50)
    lines = [failure(s, port=port) for s in range(10) for port in range(2000, 2100)]
    found = explain_bytes(tmp_path, log_lines(*lines))
    assert faults(found) == [(FaultKind.CONNECTION_FAILED, "tls", 1000)]
    assert found.faults[0].counting is Counting.ESTIMATED


def test_lines_without_a_format_are_no_failures(tmp_path: Path) -> None:
    plain = "Nov 29 03:00:00 lb1 haproxy[100]: Connect from 192.0.2.1:4000 to 192.0.2.2:80 (web/HTTP)"
    assert faults(explain_bytes(tmp_path, log_lines(plain, plain))) == []
