from pathlib import Path
from typing import Any

import click
import pytest

from hitless.cli import explain_words
from hitless.cli.explain_words import PARAMETERS, choose_inputs, choose_receipts
from hitless.errors import EvidenceError
from tests.explain.standard_inputs import stdin_with
from tests.explain.stories import CAPTURES, LOGS


def words_of(*arguments: str) -> dict[str, Any]:
    return click.Command("explain", params=list(PARAMETERS)).make_context("explain", list(arguments)).params


def test_files_are_sorted_by_what_they_are(tmp_path: Path) -> None:
    log, capture = str(LOGS / "3.2.log"), str(CAPTURES / "quiet.pcap")
    with stdin_with(b"Nov 29", tmp_path):
        chosen = choose_inputs(words_of(capture, log, "-", "--app-log", "x", "--listen", "192.0.2.1:80"))
    assert (chosen.logs, chosen.captures) == ((log, "-"), (capture,))
    assert (chosen.units, chosen.applications, chosen.listeners) == ((), ("x",), ("192.0.2.1:80",))
    configuration = tmp_path / "h.cfg"
    configuration.write_text(
        'frontend a\n    bind :80\n    bind [2001:db8::1]:443\n    log-format "%ci %ft"\n'
    )
    chosen = choose_inputs(words_of(log, "--config", str(configuration), "--unit", "lb.service"))
    assert len(chosen.read.formats) == 1
    assert "[2001:db8::1]:443" in chosen.listeners
    assert chosen.read.unit.search("lb.service")


def test_without_files_this_host_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explain_words, "_default_logs", lambda: ((str(LOGS / "3.2.log"),), "named"))
    monkeypatch.setattr(explain_words, "_has_journal", lambda: True)
    chosen = choose_inputs(words_of("--since", "2020-01-01"))
    assert chosen.units == ("haproxy",)
    assert str(LOGS / "3.2.log") in chosen.logs
    assert chosen.why == "named"
    day = choose_inputs(words_of())
    assert day.window.since_ns is not None
    assert "24 hours" in day.notes[0]


def test_a_line_that_is_no_receipt(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"format":1,"outcome":"x","requester":1}\n')
    words = words_of(str(path))
    with pytest.raises(EvidenceError, match="no receipt"):
        choose_receipts(choose_inputs(words), words)
