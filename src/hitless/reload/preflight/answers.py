"""How a check gives its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.reloads import CheckState, PreflightCheck

if TYPE_CHECKING:
    from hitless.findings import Evidence

__all__ = ["Answers"]


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of the check of this name."""

    name: str

    def passed(self, message: str, evidence: tuple[Evidence, ...] = ()) -> PreflightCheck:
        """Return that all is well."""
        return self._answer(CheckState.PASSED, message, evidence)

    def warned(self, message: str, evidence: tuple[Evidence, ...] = (), *, hint: str = "") -> PreflightCheck:
        """Return something to know, which does not stop the reload."""
        return self._answer(CheckState.WARNED, message, evidence, hint)

    def failed(self, message: str, evidence: tuple[Evidence, ...] = (), *, hint: str = "") -> PreflightCheck:
        """Return what stops the reload."""
        return self._answer(CheckState.FAILED, message, evidence, hint)

    def unknown(
        self, message: str, evidence: tuple[Evidence, ...] = (), *, hint: str = "", required: bool = False
    ) -> PreflightCheck:
        """Return why it could not be looked at; `required` stops the reload."""
        return self._answer(CheckState.UNKNOWN, message, evidence, hint, required=required)

    def _answer(
        self,
        state: CheckState,
        message: str,
        evidence: tuple[Evidence, ...],
        hint: str = "",
        *,
        required: bool = False,
    ) -> PreflightCheck:
        return PreflightCheck(
            name=self.name, state=state, message=message, hint=hint, evidence=evidence, required=required
        )
