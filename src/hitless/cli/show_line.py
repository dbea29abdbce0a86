"""One line on standard error that says what goes on, and is gone at the end. Nothing where nobody watches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from hitless.report.plain import neutralise

if TYPE_CHECKING:
    from rich.status import Status

__all__ = ["ShowLine"]


class ShowLine:
    """A context manager, and callable with what goes on."""

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled
        self._status: Status | None = None

    def __enter__(self) -> Self:
        if self._enabled:
            from rich.console import Console

            self._status = Console(stderr=True).status("")
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()

    def __call__(self, text: str) -> None:
        """Show this instead of what was shown before."""
        if self._status is not None:
            from rich.markup import escape

            self._status.update(escape(neutralise(text)))
