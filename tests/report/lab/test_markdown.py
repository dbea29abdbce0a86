"""Tables that GitHub draws, with hostile names inert."""

from hitless.labs import Status
from hitless.report.lab.markdown import render, render_list
from tests.lab.made import make_report, make_result, make_run, make_scenario


def test_the_table_has_both_runs_and_the_bound() -> None:
    text = render(make_report())
    assert "| ok | HL501 an-example | 2.8.25 | classic | 20 stale reuse | 0 of 412 | &lt; 0.7 % |" in text
    assert "| all is well | 2.8.25 | **false** | broken: lost = 20 |" in text


def test_faults_are_listed_and_cannot_break_the_table() -> None:
    red = make_result(
        Status.RED, fixed=make_run(status=Status.RED, misses=("said: | <b>x</b>, expected 0",), verdict="")
    )
    text = render(make_report(red))
    assert "### Not as it must be" in text
    assert "`said: | <b>x</b>, expected 0`" in text


def test_the_list_is_a_table() -> None:
    from hitless.lab.catalogue import entry

    assert "| `HL501-an-example` | what happens | 2.4- | master-worker |  |" in render_list(
        [entry(make_scenario())]
    )
