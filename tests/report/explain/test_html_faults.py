from hitless.report.explain.html_faults import render_faults
from hitless.report.explain.words import Times
from tests.report.explain.sample import HOSTILE, explanation

TIMES = Times(explanation())


def test_a_table_with_the_lines_behind_it() -> None:
    markup = render_faults(explanation("bad").faults, TIMES)
    assert '<section id="faults">' in markup
    assert '<a href="#event-2">2</a>' in markup
    assert "<td>about 12 times until 2026-11-22 14:32:05</td>" in markup
    assert "<pre>errors:58  bad</pre>" in markup
    assert render_faults((), TIMES) == ""


def test_more_than_are_shown_are_counted() -> None:
    assert "And 700 more" in render_faults(explanation("bad").faults * 1200, TIMES)


def test_hostile_text_stays_text() -> None:
    markup = render_faults(explanation(HOSTILE).faults, TIMES)
    assert "<script" not in markup
    assert "\x1b" not in markup
