"""One line on the terminal that says what goes on, and is gone afterwards; nothing where nobody watches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from hitless.report.plain import neutralise

if TYPE_CHECKING:
    from types import TracebackType

    from rich.status import Status

__all__ = ["StatusLine"]


class StatusLine:
    """A context manager; `say` changes the line."""

    def __init__(self, text: str, *, enabled: bool) -> None:
        self._text = text
        self._enabled = enabled
        self._status: Status | None = None

    def __enter__(self) -> Self:
        if self._enabled:
            from rich.console import Console
            from rich.markup import escape

            self._status = Console(stderr=True).status(escape(neutralise(self._text)))
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def say(self, text: str) -> None:
        """Show this text instead."""
        if self._status is not None:
            from rich.markup import escape

            self._status.update(escape(neutralise(text)))
