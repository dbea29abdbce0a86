import re
from html.parser import HTMLParser

from msgspec.structs import replace

from hitless.explanations import Explanation, Judgement
from hitless.report.explain import html
from tests.report.explain.sample import HOSTILE, explanation, harmful, harmless

_VOID = {"meta", "br", "hr"}


class Outline(HTMLParser):
    """Which elements there are, and whether each is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on") or name == "src"]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def text(page: str) -> str:
    return re.sub(
        r"\s+", " ", re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL))
    )


def test_the_page_says_it_all() -> None:
    page = html.render(explanation())
    words = text(page)
    assert "HARM FOUND 1 event of 2 did harm: hard stop. And more." in words
    assert (
        "2026-11-22 14:31:00 to 2026-11-22 14:33:00 UTC · 1 200 lines about traffic · 3 ended badly · 2 events"
        in words
    )
    for title in ("What happened", "Each event", "At other times", "Processes", "What was read"):
        assert f"<h2>{title}</h2>" in page
    assert '<a href="#event-2">2</a>' in page
    assert 'id="event-2"' in page
    assert "drained for" in words
    assert "3 s" in words
    assert "100 packets, 5 connections; 1 connection with packets missing; 3 packets lost" in words
    assert "24 bytes from byte 1000 on skipped: hard stop" in words
    assert "skipped: hard stop: torn" in words
    assert page.count("<svg") == 2


def test_nothing_is_fetched_and_no_script_may_run() -> None:
    page = html.render(explanation())
    assert "script-src &#x27;none&#x27;" in page
    assert "<script" not in page
    assert not re.search(r'\b(src|href)="(?!#)', page)
    assert "url(" not in page


def test_hostile_text_is_text() -> None:
    page = html.render(explanation(HOSTILE))
    assert "<script" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert "\\x1b[31m\\u202e" in page
    assert Outline(page).names == Outline(html.render(explanation())).names


def test_every_element_is_closed() -> None:
    assert Outline(html.render(explanation())).open == []


def test_what_is_not_known_is_said_once_with_its_line() -> None:
    page = html.render(explanation())
    assert page.count("<pre>option tcplog</pre>") == 1
    assert "To know it next time, in frontend:" in page
    assert text(page).count("Not known: hard stop.") == 1


def test_plots_are_for_those_that_did_harm_first_and_bounded() -> None:
    many = tuple(harmless(number, 30) for number in range(1, 700))
    page = html.render(replace(explanation(), events=(*many[:400], harmful(), *many[400:])))
    assert page.count("<svg") == 60
    assert "around event 2</title>" in page
    assert "And 200 more: --format json has all." in text(page)
    assert len(page) < 2_500_000


def test_an_explanation_of_nothing() -> None:
    page = html.render(
        Explanation(tool_version="1", judgement=Judgement.UNKNOWN, story=("Nothing is in it.",))
    )
    assert "CANNOT TELL" in page
    assert Outline(page).open == []
    assert "What happened" not in page
