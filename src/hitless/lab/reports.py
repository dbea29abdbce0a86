"""Several reports of the lab as one. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.errors import UsageError
from hitless.labs import LabReport

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["join_reports"]


def join_reports(reports: Sequence[LabReport]) -> LabReport:
    """Return one report of all; what a later one says of the same scenario, version and mode replaces the earlier.

    Raises: UsageError if there is none.
    """
    if not reports:
        raise UsageError("There is no report.")
    results = {(r.code, r.name, r.version, r.mode): r for report in reports for r in report.results}
    claims = {(c.text, c.scenario, c.version, c.mode): c for report in reports for c in report.claims}
    haproxies = {one.version: one for report in reports for one in report.haproxies}
    run = {f"HAProxy {one.branch}" for one in haproxies.values()}
    absent = {one.what: one for report in reports for one in report.absent if one.what not in run}
    return LabReport(
        hitless=reports[-1].hitless,
        kernel=reports[-1].kernel,
        haproxies=tuple(sorted(haproxies.values(), key=lambda one: tuple(map(int, one.branch.split("."))))),
        absent=tuple(absent.values()),
        results=tuple(results.values()),
        claims=tuple(claims.values()),
        duration_s=round(sum(report.duration_s for report in reports), 1),
    )
