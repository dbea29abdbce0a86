"""A duration on the command line."""

from __future__ import annotations

import click

from hitless.units import parse_duration_s

__all__ = ["Duration"]


class Duration(click.ParamType[float]):
    """A duration as HAProxy writes it; a bare number is seconds."""

    name = "duration"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return seconds."""
        if isinstance(value, float | int):
            return float(value)
        try:
            return parse_duration_s(value, default_unit="s")
        except ValueError:
            self.fail(f"{value!r} is not a duration (examples: 500ms, 5s, 1m)", param, ctx)
