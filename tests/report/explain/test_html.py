import re

from hitless.report.explain.html import render
from tests.explain.stories import story
from tests.report.explain.hostile import controls, hostile


def test_one_file_that_needs_nothing_else() -> None:
    page = render(story("3.2.log"))
    assert page.startswith("<!doctype html>")
    assert len(page) < 400_000
    assert not re.search(r"(?:src|href)=\"(?!#)", page)
    assert "default-src &#x27;none&#x27;" in page
    for words in ("HARM FOUND", "HL401", 'id="event-9"', "<svg", "<details>", "KC 1/1/0/0/0"):
        assert words in page


def test_hostile_text_neither_runs_nor_ends_an_element() -> None:
    page = render(hostile())
    assert not controls(page)
    assert "<script" not in page
    assert page.count("<html") == page.count("</html>") == 1


def test_victims_without_an_event() -> None:
    assert "idle-close-under-clients" in render(story("idle-close.pcap"))
