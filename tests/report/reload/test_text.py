"""What a person at a terminal reads of a reload."""

import re

import pytest

from hitless.reloads import Receipt, ReloadOutcome
from hitless.report.plain import cells, neutralise
from hitless.report.reload.text import STYLES, render
from tests.reload.made_receipts import HOSTILE, make_full, make_hostile, make_receipt


@pytest.mark.parametrize("width", [40, 60, 80, 110])
@pytest.mark.parametrize(
    "receipt", [make_receipt(), make_full(), make_hostile()], ids=["small", "full", "hostile"]
)
def test_no_line_is_wider_than_the_terminal(width: int, receipt: Receipt) -> None:
    for line in render(
        receipt, width=width, kept_in="/var/lib/hitless/receipts/receipts-2026-11.jsonl"
    ).splitlines():
        if neutralise(HOSTILE) in line and "hitless history" in line:
            continue  # a command to copy, which is never broken
        assert cells(line) <= width, line


def test_hostile_text_cannot_command_the_terminal() -> None:
    text = render(make_hostile(), width=80, kept_in=HOSTILE)
    assert not {"\x1b", "\x07", "\u202e", "\udcff"} & set(text)
    assert "\\x1b]0;owned" in text


def test_the_story_comes_first() -> None:
    text = " ".join(render(make_full(), width=110).split())
    parts = (
        "TAKEN OVER haproxy.service in 412 ms (pid 4711 -> 4790)",
        "haproxy 2.8.25 · master-worker · through the master CLI (2.7 and later: synchronous) · 2026-11-29T03:00:12Z",
        "by alice as root: hitless reload --wait (called by deploy.sh)",
        "the new process is proven to serve",
        "pid 4790 serves",
        "3 resets to clients by the reload",
        "guard TRIPPED: the error ratio rose",
        "rollback taken over by pid 4800: the old one serves (because the guard tripped)",
        "draining pid 4711: 12 connections",
        "answers 2 other calls as well",
        "recovered a lock",
        "checks 5 checks",
        "FAILED (stops it) binds",
        "overridden by --force: load-time",
        "config /etc/haproxy/haproxy.cfg 1a1a1a1a1a1a -> 2b2b2b2b2b2b",
        "phases lock at 0 us took 1 ms",
        "preflight at 1 ms took 180 ms 17 checks",
        "processes master 4700 (2.8.25), old 4711 (2.8.24, exited), new 4790 (2.8.25)",
        "sockets 2 listening sockets: 1 inherited, 1 opened anew",
        "plan 1 take the lock",
        "said [NOTICE] (4700) : Loading success.",
        "note hard-stop-after was not waited for",
        "receipt r000000",
    )
    places = [text.find(part) for part in parts]
    assert [part for part, place in zip(parts, places, strict=True) if place < 0] == []
    assert places == sorted(places)


def test_where_it_is_kept_is_said_after_it_was_written() -> None:
    assert "hitless history" not in render(make_receipt())
    text = render(make_receipt(), kept_in="/s/receipts-2026-11.jsonl")
    assert "receipt    r000000 in /s/receipts-2026-11.jsonl\n  again      hitless history r000000\n" in text


def test_a_small_receipt_has_no_empty_sections() -> None:
    lines = render(make_receipt()).splitlines()
    assert len(lines) < 12
    assert not any(re.search(r"checks|config|phases|processes|sockets|guard", line) for line in lines)


def test_a_thousand_listeners_and_processes_are_no_thousand_lines() -> None:
    assert len(render(make_hostile(), width=110).splitlines()) < 200


@pytest.mark.parametrize("outcome", ReloadOutcome)
def test_each_outcome_has_a_style(outcome: ReloadOutcome) -> None:
    assert ("green" in STYLES[outcome]) == (outcome is ReloadOutcome.TAKEN_OVER)
    assert render(make_receipt(outcome=outcome), colour=True).startswith("  \x1b[1;")


def test_colour_takes_no_room() -> None:
    coloured = render(make_full(), width=70, colour=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render(make_full(), width=70)
