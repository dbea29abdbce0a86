import math

import pytest

from hitless.report.html import svg


def test_line_is_broken_where_nothing_was_answered() -> None:
    points = [(0, 1.0), (1, 2.0), (2, math.nan), (3, 4.0)]
    assert svg.line(points) == "M0 1h0L1 2M3 4h0"
    assert svg.dots(points) == "M0 1h0M1 2h0M3 4h0"


def test_areas_bars_and_rectangles() -> None:
    assert svg.area([50, 0], 10) == "M0 100V50h10V100h10V100Z"
    assert svg.area([], 10) == ""
    assert svg.bars([(0, 0.5), (5, 0.0)], 5, 20, 100) == "M0 100v-40h5V100Z"
    assert svg.rectangle(1, 2.5) == "M1 0H2.5V100H1Z"
    assert svg.rectangle(3, 2) == "M3 0H3V100H3Z"
    assert svg.vertical(7) == "M7 0V100"


def test_no_path_without_commands() -> None:
    assert svg.path("", "p50") == ""
    assert svg.path("M0 0h0", "p50") == '<path d="M0 0h0" class="p50"></path>'


@pytest.mark.parametrize(
    ("length", "values"),
    [
        (26.0, [0, 5, 10, 15, 20, 25]),
        (8.0, [0, 1, 2, 3, 4, 5, 6, 7, 8]),
        (0.0, [0]),
        (0.03, [0, 0.005, 0.01]),
    ],
)
def test_ticks_are_round(length: float, values: list[float]) -> None:
    assert svg.ticks(length)[: len(values)] == pytest.approx(values)
    assert len(svg.ticks(length)) <= 9
