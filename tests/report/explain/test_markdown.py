from hitless.report.explain.markdown import render
from tests.explain.stories import story
from tests.report.explain.hostile import controls, hostile


def test_the_answer_the_timeline_and_each_harm() -> None:
    text = render(story("3.2.log"))
    assert text.startswith("## ❌ HARM FOUND: 5 events of 9 did harm.")
    assert text.count("| ✅ |") == 4
    assert "`HL201` **cut-at-hard-stop** (1 connection)" in text
    assert "**Change:** free the address" in text


def test_hostile_text_stays_text() -> None:
    text = render(hostile())
    assert not controls(text)
    outside = [
        line for n, block in enumerate(text.split("\n```")) if n % 2 == 0 for line in block.splitlines()
    ]
    assert not any("<script" in line.replace("`", "") for line in outside if "`" not in line)


def test_victims_without_an_event() -> None:
    assert "`HL501`" in render(story("idle-close.pcap"))
