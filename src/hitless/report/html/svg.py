"""SVG paths in the coordinates of a lane: x is milliseconds since the origin, y is 0 (top) to 100 (bottom).

A lane is stretched to its place on the page and zoomed by its viewBox alone; strokes keep their width
(`vector-effect: non-scaling-stroke` in the style sheet), and a line of no length is a dot.
"""

import math
from collections.abc import Iterable, Sequence

from hitless.report.html.markup import Markup, raw, tag

__all__ = ["area", "bars", "dots", "line", "path", "rectangle", "ticks", "vertical"]

Point = tuple[float, float]


def number(value: float) -> str:
    """Return a coordinate with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def path(commands: str, class_: str) -> Markup:
    """Return a path of this class; nothing without commands."""
    return tag("path", d=commands, class_=class_) if commands else raw("")


def line(points: Iterable[Point]) -> str:
    """Return a polyline through the points, broken where y is NaN; a point alone is a dot."""
    commands = []
    pen = ""
    for x, y in points:
        if math.isnan(y):
            pen = ""
            continue
        commands.append(f"{pen or 'M'}{number(x)} {number(y)}" + ("" if pen else "h0"))
        pen = "L"
    return "".join(commands)


def dots(points: Iterable[Point]) -> str:
    """Return a dot for each point whose y is a number."""
    return "".join(f"M{number(x)} {number(y)}h0" for x, y in points if not math.isnan(y))


def area(heights: Sequence[float], width: float) -> str:
    """Return steps of this width above the bottom line; heights are 0 to 100."""
    steps = "".join(f"V{number(100 - height)}h{number(width)}" for height in heights)
    return f"M0 100{steps}V100Z" if steps else ""


def bars(heights: Iterable[tuple[float, float]], width: float, top: float, bottom: float) -> str:
    """Return bars from `bottom` towards `top` for pairs of x and a height from 0 to 1."""
    return "".join(
        f"M{number(x)} {number(bottom)}v{number((top - bottom) * height)}h{number(width)}V{number(bottom)}Z"
        for x, height in heights
        if height
    )


def rectangle(start: float, end: float, top: float = 0.0, bottom: float = 100.0) -> str:
    """Return a rectangle."""
    return f"M{number(start)} {number(top)}H{number(max(start, end))}V{number(bottom)}H{number(start)}Z"


def vertical(x: float, top: float = 0.0, bottom: float = 100.0) -> str:
    """Return a vertical line."""
    return f"M{number(x)} {number(top)}V{number(bottom)}"


def ticks(length: float, most: int = 8) -> list[float]:
    """Return round values from 0 to `length`, at most `most` of them besides 0."""
    if length <= 0:
        return [0.0]
    magnitude = 10.0 ** math.floor(math.log10(length / most))
    step = next(m * magnitude for m in (1, 2, 5, 10) if length / (m * magnitude) <= most)
    return [index * step for index in range(int(length / step) + 1)]
