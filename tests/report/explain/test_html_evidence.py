from msgspec.structs import replace

from hitless.explanations import Counting, NotKnown, Statement
from hitless.report.explain.html_evidence import render_causes, render_quotes, render_unknown
from hitless.report.explain.words import Times
from tests.report.explain.sample import explanation, harmful

TIMES = Times(explanation())


def test_a_cause_has_its_number_its_evidence_and_its_change() -> None:
    event = harmful()
    markup = render_causes(event.causes, event.quotes, TIMES)
    assert '<span class="code">HL201</span>' in markup
    assert '<span class="count">at least 3 requests</span>' in markup
    assert '<p class="fix"><b>Change</b> hard stop</p>' in markup
    assert "a message says so" in markup


def test_a_number_says_how_it_was_found() -> None:
    (cause,) = harmful().causes
    one = replace(cause, victims=1, counting=Counting.ESTIMATED, unit="connection")
    assert ">about 1 connection<" in render_causes([one], (), TIMES)
    none = replace(cause, victims=0, counting=Counting.NOT_COUNTED)
    assert ">not counted<" in render_causes([none], (), TIMES)


def test_raw_lines_are_there_on_demand() -> None:
    event = harmful()
    markup = render_quotes(Statement(text="seen", quotes=(0, 7)), event.quotes)
    assert markup.startswith('<details class="raw"><summary>1 raw line</summary><pre>')
    assert "haproxy.log, byte 99" in markup
    assert render_quotes(Statement(text="seen", quotes=(7,)), event.quotes) == ""


def test_what_would_make_it_known_may_be_nothing() -> None:
    markup = render_unknown([NotKnown(what="this"), NotKnown(what="that", line="option tcplog")])
    assert markup.count("<pre>") == 1
    assert "To know it next time, in the configuration:" in markup
