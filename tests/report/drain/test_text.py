import pytest
from msgspec.structs import replace

from hitless.drains import DrainReport, Reason, WhyAlive
from hitless.report.drain.text import render, render_view
from hitless.report.plain import cells
from tests.report.drain.synthetic import CLASSIC, OLD, PLAN, RESULT, SERVES, report, view

TEXT = """\
  1 OLD GENERATION   998 sessions, 1 000 connections
    (haproxy.service · haproxy 2.8.25 · master-worker)
  process 30 serves since 2h, 12 connections

  process 20  replaced 2h ago · 1d1h old · haproxy 2.6.12 · 3 reloads since
    holds      998 sessions · 1 000 client connections · 1 998 of 18 042 descriptors · 25 MiB · 2 %
               of a processor
    why        980 WebSocket sessions of frontend www: no `timeout tunnel`
               hint  `timeout tunnel` bounds them
    sessions   980  WebSocket of www/app, 1m to 3h12m old, silent for 2s to 12m, 3 without any
                    timeout
                18  awaiting the response of www
    hard stop  in 30m (hard-stop-after 2.5h). It cuts 980 sessions that no timeout ends before
    close      hitless drain --close --over 5m
"""


def test_a_generation_with_all_that_is_known_of_it() -> None:
    assert render(report(SERVES, OLD), width=100) == TEXT
    assert render_view(view(SERVES, OLD), width=100) == TEXT


def test_nothing_is_old() -> None:
    text = render(report(SERVES), width=100, colour=True)
    assert "\x1b[1;32mNO OLD GENERATION" in text
    assert text.count("\n") == 2


def test_what_cannot_be_closed_says_why() -> None:
    text = render(report(SERVES, CLASSIC))
    assert "close      not one by one: a classic process has no CLI" in text


def test_a_plan_and_a_result() -> None:
    text = render(report(SERVES, OLD, plan=PLAN), width=100)
    assert "    plan       closes 998 sessions over 300 s" in text
    text = render(report(SERVES, result=RESULT, timed_out=True), width=100)
    assert "    closed     990 of 998 sessions closed" in text
    assert "    problem    process 20 is odd" in text
    assert "    timeout    old generations were left" in text


def test_many_generations_are_not_all_told_at_length() -> None:
    many = [replace(OLD, pid=1000 + n) for n in range(100)]
    text = render(report(SERVES, *many), width=100)
    assert text.count("  holds  ") == 8
    assert "and 32 more (`--format json` has all)" in text
    assert "    1008       replaced 2h ago" in text
    assert text.count("\n") < 400


def test_much_of_one_generation_is_cut_too() -> None:
    reason = Reason(why=WhyAlive.TUNNELS, text="for this reason")
    crowded = replace(OLD, why=(reason,) * 30, groups=OLD.groups * 10)
    text = render(report(SERVES, crowded))
    assert text.count("for this reason") == 8
    assert text.count("(`--format json` has all)") == 2


def test_what_was_not_seen() -> None:
    seen = view(SERVES, OLD, notes=("no right to look",) * 10, hidden_from_show_proc=12)
    text = render(DrainReport(tool_version="0", view=seen))
    assert "not seen   no right to look" in text
    assert "and 3 more" in text
    assert "does not list 12" in render_view(view(SERVES, hidden_from_show_proc=12))


@pytest.mark.parametrize("width", [20, 40, 57, 110])
def test_no_line_is_too_wide(width: int) -> None:
    odd = replace(CLASSIC, version="x" * 200, why_not_closable="界" * 90)
    text = render(report(SERVES, OLD, odd, plan=PLAN, result=RESULT), width=width)
    lines = [
        line for line in text.splitlines() if not line.strip().startswith("hitless drain")
    ]  # to be copied
    assert all(cells(line) <= max(width, 40) for line in lines)


def test_hostile_names_are_harmless() -> None:
    group = replace(OLD.groups[0], frontend="\x1b[31mwww\n\u202e")
    text = render(report(SERVES, replace(OLD, groups=(group,))))
    assert "\x1b" not in text
    assert "\u202e" not in text
