from hitless.reloads import ListenerChange, ListenerFate
from hitless.report.page import Page
from hitless.report.reload.parts import (
    write_checks,
    write_drain,
    write_listeners,
    write_several,
    write_statement,
)
from tests.reload.made_receipts import CHECKS, DRAIN, LISTENERS


def page() -> Page:
    return Page(80, colour=False)


def test_a_statement_hangs_beside_its_label() -> None:
    drawn = page()
    write_statement(drawn, "label", "word " * 30)
    first, second, *_ = str(drawn).splitlines()
    assert first.startswith("  label      word")
    assert second.startswith("             word")


def test_of_very_many_the_first_are_shown_and_the_rest_counted() -> None:
    drawn = page()
    write_several(drawn, "label", [f"item {n}" for n in range(40)])
    lines = str(drawn).splitlines()
    assert len(lines) == 13
    assert lines[-1].strip() == "and 28 more (`--format json` has all)"


def test_checks_that_passed_are_only_counted() -> None:
    drawn = page()
    write_checks(drawn, CHECKS, ["load-time"])
    text = str(drawn)
    assert "haproxy -c accepts it" not in text
    assert "FAILED (stops it)  binds: 0.0.0.0:80 is held by nginx (pid 77)" in text
    assert "do     stop nginx" in text
    assert "seen   pids 4650, 4711 [/proc]" in text
    assert "overridden by --force: load-time" in text
    empty = page()
    write_checks(empty, (), ())
    assert str(empty) == "\n"


def test_sockets_that_are_not_handed_over_come_first() -> None:
    drawn = page()
    same = tuple(ListenerChange(endpoint=f"[::]:{n}", fate=ListenerFate.INHERITED) for n in range(99))
    write_listeners(drawn, (*same, LISTENERS[1]))
    lines = str(drawn).splitlines()
    assert "100 listening sockets: 99 inherited, 1 opened anew" in lines[0]
    assert "0.0.0.0:80 opened anew" in lines[1]
    assert len(lines) < 20


def test_what_drains() -> None:
    drawn = page()
    write_drain(drawn, DRAIN, "at risk")
    assert str(drawn).startswith("  at risk    pid 4711: 12 connections, 3 sessions")
