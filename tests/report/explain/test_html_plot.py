import re

from msgspec.structs import replace

from hitless.explanations import Plot, PlotLine, Role
from hitless.report.explain.html_plot import render_plot
from hitless.report.explain.words import Times
from tests.report.explain.sample import START_S, explanation, harmful, harmless, plot

TIMES = Times(explanation())


def areas(markup: str, kind: str) -> list[str]:
    return re.findall(rf'<path d="([^"]*)" class="{kind}">', markup)


def test_generations_stand_on_each_other_and_bad_endings_below() -> None:
    markup = render_plot(harmful(), (), TIMES)
    (old,), (new,) = areas(markup, "area old"), areas(markup, "area new")
    # 14 lines in the busiest second are the full height; the new process stands on the 4 of the old one.
    assert old.startswith("M70 152V59.14h7.5")
    assert "V22h7.5" in new
    assert len(areas(markup, "area bad old")) == 1
    assert areas(markup, "area bad new") == []
    assert "<title>14:32:01: 3 of 4 lines of old processes ended badly</title>" in markup
    assert ">14/s<" in markup


def test_the_change_its_holes_and_its_neighbours_are_marked() -> None:
    markup = render_plot(harmful(), (harmless(1, 30), harmful(), harmless(5, 62), harmless(4, 4000)), TIMES)
    assert ">2 reload</text>" in markup
    assert len(areas(markup, "happened")) == 1
    assert len(areas(markup, "elsewhen")) == 2
    assert ">1</text>" in markup
    assert ">5</text>" not in markup, "no room beside the event's own"
    assert "hard stop accepted nothing for 2 s" in markup
    assert "a busy frontend accepted nothing" in markup
    assert areas(markup, "area change") == ["M520 22H527.51V222H520Z"]


def test_seconds_are_named_on_the_axis() -> None:
    markup = render_plot(harmful(), (), TIMES)
    assert (
        re.findall(r">(14:3\d:\d\d)</text>", markup)
        == [f"14:3{1 + s // 60}:{s % 60:02d}" for s in range(0, 121, 15)][:9]
    )


def test_nothing_to_draw_is_said() -> None:
    for empty in (
        None,
        Plot(start_s=START_S, bucket_s=1),
        replace(plot(), processes=(PlotLine(0, Role.OTHER, (), ()),)),
    ):
        markup = render_plot(replace(harmful(), plot=empty), (), TIMES)
        assert "<svg" not in markup
        assert "nothing to draw" in markup


def test_many_processes_are_counted_in_the_legend() -> None:
    lines = tuple(PlotLine(pid=pid, role=Role.OTHER, requests=(1,), errors=(0,)) for pid in range(1, 8))
    markup = render_plot(
        replace(harmful(), plot=Plot(start_s=START_S, bucket_s=10, processes=lines)), (), TIMES
    )
    assert "others 1, 2, 3, 4 and 3 more" in markup
    assert "by 10 s" in markup
