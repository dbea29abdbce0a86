import re

from msgspec.structs import replace

from hitless.explanations import EndingCount, Role
from hitless.report.explain.html_event import render_endings, render_event
from hitless.report.explain.words import Times
from tests.report.explain.sample import explanation, harmful, harmless

TIMES = Times(explanation())


def text(markup: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", markup))


def test_an_event_with_everything() -> None:
    words = text(render_event(harmful(), (), TIMES, drawn=True))
    for part in (
        "2 · reload 11 → 22 · 2026-11-22 14:32:00.000",
        "Reason: hard stop",
        "The listening sockets were paused for 2 s: clients were refused.",
        "Cut while still open: 1 connection.",
        "Around it: 60 lines in 6 s, 3 ended badly (5 %). Before: 600 lines in 60 s, 0 ended badly.",
        "3 0.25 old 11 503 SC-- hard stop",
        "1 ? new - closed",
        "frontend hard stop 3",
        "Captures: 5 connections ended, 1 reset by HAProxy's side, 0 by clients.".replace("'", "&#x27;"),
        "closed under a later request on a kept-alive connection: 1, not_an_ending: 1.",
        "192.0.2.9:4711 192.0.2.1:80 14:32:00.000",
        "HAProxy FIN 2",
        "hard stop 14:32:00.000 14:32:02.000 9",
        "in 4 lines (0.5 are usual): hard stop: 4. 1 have the id of a request",
        "resets to clients 0",
    ):
        assert part in words, part


def test_what_is_not_there_is_not_said() -> None:
    markup = render_event(harmless(), (), TIMES, drawn=False)
    assert "<table" not in markup
    assert "<svg" not in markup
    assert "Before: not known." in markup


def test_kinds_of_ending_are_bounded() -> None:
    one = EndingCount(role=Role.OTHER, status=200, termination="----", lines=1, usual=1.0, meaning="fine")
    many = [replace(one, status=status) for status in range(100, 190)]
    markup = render_endings(many)
    assert markup.count("<tr>") == 41
    assert "And 50 more kinds of ending." in markup
    assert render_endings(()) == ""
