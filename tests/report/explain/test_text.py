from hitless.report.explain.text import render, render_event
from hitless.report.plain import cells
from tests.explain.stories import story
from tests.report.explain.hostile import controls, hostile


def test_the_answer_comes_first_and_every_event_stands_in_the_timeline() -> None:
    text = render(story("3.2.log"), width=100)
    assert text.startswith("HARM FOUND  5 events of 9 did harm.")
    for words in ("reload 7486 → 7639", "hard stop 8064", "HL401", "change  free the address", "cannot show"):
        assert words in text
    assert "KC 1/1/0/0/0" in text


def test_lines_fit_and_only_colour_has_escapes() -> None:
    plain = render(story("3.2.log"), width=72)
    commands = ("shell", "rsyslog", "hitless reload", "template(", "journalctl")
    assert all(cells(line) <= 72 or line.strip().startswith(commands) for line in plain.splitlines())
    assert "\x1b" not in plain
    assert "\x1b[" in render(story("3.2.log"), colour=True)


def test_hostile_text_is_harmless() -> None:
    assert not controls(render(hostile(), quotes=True))


def test_all_raw_lines_are_shown_where_they_are_wanted() -> None:
    found = story("3.2.log")
    assert len(render(found, quotes=True)) > len(render(found))


def test_one_event() -> None:
    found = story("3.2.log")
    assert "reload 7486 → 7639" in render_event(found, found.events[0])
    assert "HL" not in render_event(found, found.events[0])
    assert "HL201" in render_event(found, found.events[3])


def test_victims_without_an_event() -> None:
    assert "HL501   idle-close-under-clients" in render(story("idle-close.pcap"))
