"""Which configuration is the last known good one, and whether it can be gone back to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.host.errors import HostError
from hitless.reload.keeping import digests_of, read_good
from hitless.reload.plan import Side
from hitless.reloads import CheckState, ConfigurationDigest, PreflightCheck

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitless.reload.instance_files import InstanceFiles
    from hitless.reload.target import Target

__all__ = ["WayBack", "check_way_back", "find_way_back", "runs_what_is_on_disk"]

_CLOCK_ERROR_S = 0.05
"""A process's start is known to one clock tick (10 ms)."""


@dataclass(frozen=True, slots=True)
class WayBack:
    """Where a rollback would lead to."""

    side: Side
    """NEW: what is on disk now is not the last known good configuration; OLD: it is."""
    kept: bool
    """It is stored already."""
    digests: tuple[ConfigurationDigest, ...] = ()
    known: str = ""
    """Why it counts as good; "" where nobody knows one."""


def runs_what_is_on_disk(target: Target) -> bool | None:
    """Return whether the current process is younger than the last change of its configuration; None: not known."""
    if not target.current_started_at:
        return None
    try:
        changed_at = max(
            (target.place.root.stat(file.path).st_mtime for file in target.instance.configuration),
            default=0.0,
        )
    except HostError:
        return None
    return changed_at < target.current_started_at - _CLOCK_ERROR_S


def find_way_back(files: InstanceFiles, target: Target, on_disk: Mapping[str, bytes]) -> WayBack:
    """Return which configuration is the last known good one, given what is on disk before this reload.

    What runs is what HAProxy has loaded and serves with: the files on disk, if they are older than the process. Where
    they are newer, the configuration whose takeover hitless has proven last.

    Raises: ChangeError if what is kept cannot be read.
    """
    digests = digests_of(on_disk)
    good = read_good(files)
    stored = good is not None and set(good.digests) == set(digests)
    if stored and good is not None and good.proven:
        return WayBack(Side.OLD, kept=True, digests=digests, known="its takeover was proven")
    if runs_what_is_on_disk(target):
        return WayBack(
            Side.OLD, stored, digests, "the process that serves was started after it was last changed"
        )
    if good is not None:
        why = "its takeover was proven" if good.proven else "an earlier call kept it"
        return WayBack(Side.NEW, kept=True, digests=good.digests, known=f"{why}, at {good.kept_at}")
    return WayBack(Side.OLD, kept=False, digests=digests)


def check_way_back(way: WayBack, *, wanted: bool, is_new: bool) -> PreflightCheck | None:
    """Return whether a rollback has somewhere to go; None where none is wanted."""
    if not wanted:
        return None
    name = "way-back"
    if way.known:
        where = "what is on disk now" if way.side is Side.OLD else "the configuration that was kept"
        return PreflightCheck(
            name=name, state=CheckState.PASSED, message=f"A rollback leads to {where}: {way.known}."
        )
    if is_new:
        return PreflightCheck(
            name=name,
            state=CheckState.WARNED,
            message="A rollback leads to what is on disk now, which is newer than the process that serves: "
            "nobody has proven it.",
        )
    return PreflightCheck(
        name=name,
        state=CheckState.FAILED,
        message="There is no configuration to roll back to: what is on disk has been changed since HAProxy loaded it.",
        hint="hitless keeps one with each proven reload; go on without: --no-rollback.",
    )
