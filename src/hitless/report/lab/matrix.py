"""docs/matrix.md: causes by version and mode, what was lost broken and fixed; and what becomes of common advice.

Every cell comes from a run: nothing here knows a scenario.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.labs import Status
from hitless.report.gfm import code, plain_text
from hitless.report.lab.markdown import cell
from hitless.report.lab.wording import losses

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hitless.labs import ClaimResult, LabReport, ScenarioResult

__all__ = ["render"]

_FAMILIES = {
    "HL1": "The reload is not graceful",
    "HL2": "The old process does not die",
    "HL3": "The socket file",
    "HL4": "The new process cannot bind",
    "HL5": "Clients are reset although everything was done right",
    "HL6": "Automation races the reload",
    "HL7": "Nobody can tell afterwards",
    "HL8": "State that does not survive",
}


def render(report: LabReport) -> str:
    """Return the document."""
    lines = [*_head(report)]
    versions = _branches(report)
    for family, title in _FAMILIES.items():
        mine = [result for result in report.results if result.code.startswith(family)]
        if mine:
            lines += ["", f"## {family}xx · {title}", "", *_family(mine, versions)]
    lines += ["", "## What is said, and what is so", "", *_claims(report.claims, versions)]
    if report.absent:
        lines += ["", "## Not run", ""]
        lines += [f"- {plain_text(one.what)}: {plain_text(one.why)}" for one in report.absent]
    return "\n".join(lines) + "\n"


def _head(report: LabReport) -> Iterator[str]:
    yield "# The matrix: what a reload loses, by cause, version and mode"
    yield ""
    yield (
        f"Written by {code('hitless lab show REPORT.json --format matrix')} from runs of hitless {report.hitless} on "
        f"Linux {plain_text(report.kernel)}; no cell is written by hand."
    )
    yield ""
    yield "HAProxy: " + ", ".join(plain_text(one.version) for one in report.haproxies) + "."
    yield ""
    yield (
        "Each cell has what was lost without the fix, an arrow, and what was lost with it. *Not affected*: the cause "
        "does not exist in that version, and the broken variant hurt nobody. **!** marks what did not come out as the "
        "scenario says. Numbers are of one run: they differ from run to run, whether anything is lost does not. To "
        "reproduce a cell: "
        + code("hitless lab run SCENARIO --haproxy VERSION --mode MODE")
        + ", with the scenario, the version and the mode of its row and column."
    )


def _branches(report: LabReport) -> list[str]:
    return [one.version for one in report.haproxies]


def _family(results: Sequence[ScenarioResult], versions: Sequence[str]) -> Iterator[str]:
    rows: dict[tuple[str, str, str], dict[str, ScenarioResult]] = {}
    for result in results:
        key = (f"{result.code}-{result.name}", result.mode, result.title)
        rows.setdefault(key, {})[result.version] = result
    yield f"| scenario | mode | {' | '.join(versions)} |"
    yield "|" + " :-- |" * (2 + len(versions))
    for (identity, mode, title), found in rows.items():
        cells = " | ".join(_cell(found.get(version)) for version in versions)
        yield f"| {code(identity)}<br>{plain_text(title)} | {mode} | {cells} |"


def _cell(result: ScenarioResult | None) -> str:
    if result is None:
        return "not run"
    mark = "" if result.status is Status.GREEN else "**!** "
    broken, fixed = losses(result)
    if not result.breaks and not result.broken.lost:
        return f"{mark}*not affected* → {cell(fixed)}"
    return f"{mark}{cell(broken)} → {cell(fixed)}"


def _claims(claims: Sequence[ClaimResult], versions: Sequence[str]) -> Iterator[str]:
    yield f"| claim | {' | '.join(versions)} | shown by |"
    yield "|" + " :-- |" * (2 + len(versions))
    texts: dict[str, list[ClaimResult]] = {}
    for claim in claims:
        texts.setdefault(claim.text, []).append(claim)
    for text, found in texts.items():
        says = next((claim.says for claim in found if claim.says), "")
        shown = dict.fromkeys(code(claim.scenario) for claim in found)
        cells = " | ".join(_answer(_by_version(found).get(version, [])) for version in versions)
        yield (
            f"| “{cell(text)}”" + (f"<br>{cell(says)}" if says else "") + f" | {cells} | {', '.join(shown)} |"
        )


def _by_version(claims: Sequence[ClaimResult]) -> Mapping[str, list[ClaimResult]]:
    found: dict[str, list[ClaimResult]] = {}
    for claim in claims:
        found.setdefault(claim.version, []).append(claim)
    return found


def _answer(claims: Sequence[ClaimResult]) -> str:
    """Return true, false, or both where the modes differ."""
    answers = {claim.holds for claim in claims}
    if not answers:
        return "not run"
    if answers == {True}:
        return "true"
    if answers == {False}:
        return "**false**"
    if None in answers:
        return "not known"
    return "; ".join(f"{claim.mode}: {'true' if claim.holds else '**false**'}" for claim in claims)
