"""The table on a terminal: wide, narrow, coloured, with what was not as it must be."""

import pytest

from hitless.labs import Status
from hitless.report.lab.text import render, render_list
from hitless.report.plain import cells
from tests.lab.made import make_report, make_result, make_run, make_scenario


@pytest.mark.parametrize("width", [40, 60, 80, 110])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    report = make_report(make_result(), make_result(Status.RED))
    lines = render(report, width=width, colour=False).splitlines()
    assert [line for line in lines if cells(line) > width] == []


def test_broken_stands_beside_fixed() -> None:
    text = render(make_report(), width=110, colour=False)
    assert "20 stale reuse → 0 of 412" in text
    assert "“all is well”: false on 2.8.25" in text
    assert "HAProxy 3.2: it is not installed" in text
    assert "\x1b" not in text
    assert "\x1b[32m" in render(make_report(), width=110, colour=True)


def test_what_is_red_or_unknown_is_explained_with_the_command() -> None:
    unknown = make_result(
        Status.UNKNOWN, broken=make_run("broken", Status.UNKNOWN, why="no \x1b[31m kernel trace")
    )
    text = render(make_report(make_result(Status.RED), unknown), width=110, colour=False)
    assert "fixed: lost: 3, expected 0" in text
    assert "broken: could not be judged: no \\x1b[31m kernel trace" in text
    assert "hitless lab run HL501-an-example --haproxy 2.8 --mode classic" in text


def test_a_version_that_is_not_affected_is_called_so() -> None:
    result = make_result(breaks=False, broken=make_run("broken"))
    assert "not affected: 0 of 412 → 0 of 412" in render(make_report(result), width=110, colour=False)


def test_the_list_says_versions_modes_and_needs() -> None:
    from hitless.lab.catalogue import entry

    text = render_list([entry(make_scenario())], width=80)
    assert text == "HL501-an-example\n    what happens (2.4- · master-worker)\n"
