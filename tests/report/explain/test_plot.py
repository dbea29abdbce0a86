from msgspec.structs import replace

from hitless.logged import ChangeKind
from hitless.report.explain.plot import render_plot
from hitless.report.explain.words import Times
from tests.explain.stories import event, story


def test_each_process_has_a_lane_and_errors_are_bars() -> None:
    times = Times(story("3.2.log"))
    drawn = render_plot(event(story("3.2.log"), ChangeKind.HARD_STOP), times)
    assert drawn.count('class="lane"') == 8
    assert drawn.count('class="victim"') == 1
    assert "old process" in drawn
    assert 'class="moment"' in drawn


def test_nothing_is_drawn_of_nothing() -> None:
    silent = replace(event(story("3.2.log"), ChangeKind.RELOAD), plot=None)
    assert render_plot(silent, Times(story("3.2.log"))) == ""
