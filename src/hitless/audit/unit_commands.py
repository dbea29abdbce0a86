"""The commands of a unit, written anew with one change: a list setting is replaced whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.findings import UnitEdit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hitless.facts import ExecCommand

__all__ = ["replaced_commands"]


def replaced_commands(
    unit: str, setting: str, commands: Sequence[ExecCommand], texts: Sequence[str]
) -> UnitEdit:
    """Return the edit that gives a setting (`ExecReload`) these values instead of those of `commands`.

    The first line takes back all that stood before (systemd.service(5)); without commands there is none.
    """
    reset = (f"{setting}=",) if commands else ()
    return UnitEdit(unit=unit, section="Service", lines=(*reset, *(f"{setting}={text}" for text in texts)))
