"""Causes that captures show: what the kernel did before HAProxy took a connection, or after it let go of it. Pure."""

from collections.abc import Iterator

from hitless.captured import Ending
from hitless.explain.analysis.view import View
from hitless.explanations import NamedCause

__all__ = ["name_capture_causes"]

_QUEUE = (Ending.RESET_BEFORE_REQUEST, Ending.RESET_UNANSWERED)


def name_capture_causes(view: View) -> Iterator[NamedCause]:
    """Yield the causes that the captures of an event name."""
    if view.captured is None:
        return
    yield from ()
