"""The lab's result on a terminal: a table, broken beside fixed, then what was not as it must be."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from hitless.labs import Status
from hitless.report.lab.wording import MARKS, losses, steadiness, summary
from hitless.report.plain import cells, clip, neutralise, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hitless.labs import LabReport, ScenarioEntry, ScenarioResult, VariantResult

__all__ = ["render", "render_list", "render_steps"]

_COLOURS = {Status.GREEN: "32", Status.RED: "31;1", Status.UNKNOWN: "33"}
_NARROW = 100


def render(report: LabReport, *, width: int, colour: bool) -> str:
    """Return the whole text."""
    head = (
        f"hitless lab · {', '.join(f'HAProxy {h.version}' for h in report.haproxies)} · Linux {report.kernel}"
    )
    lines = [*wrap(neutralise(head), width), ""]
    lines += _table(report.results, width, colour=colour)
    for result in report.results:
        lines += _explain(result, width)
    lines += [*_claims(report, width), *_absent(report, width)]
    lines += ["", summary(report)]
    return "\n".join(lines) + "\n"


def _table(results: Sequence[ScenarioResult], width: int, *, colour: bool) -> Iterator[str]:
    """Yield one line for each result; where the terminal is narrow, two."""
    for result in results:
        mark = MARKS[result.status]
        mark = f"\x1b[{_COLOURS[result.status]}m{mark:<3}\x1b[0m" if colour else f"{mark:<3}"
        name = f"{result.code} {result.name}"
        where = f"{result.version} {'mw' if result.mode == 'master-worker' else 'classic'}"
        broken, fixed = losses(result)
        both = neutralise(f"{'' if result.breaks else 'not affected: '}{broken} → {fixed}")
        if often := steadiness(result):
            both = f"{often} · {both}"
        if width <= _NARROW:
            yield f"{mark} {clip(f'{name} · {where}', width - 4)}"
            yield f"    {clip(both, width - 4)}"
        else:
            left = f"{clip(name, 44)}{' ' * max(0, 44 - cells(clip(name, 44)))} {where:<15}"
            yield f"{mark} {left} {clip(both, max(20, width - 65))}"


def _explain(result: ScenarioResult, width: int) -> Iterator[str]:
    if result.status is Status.GREEN:
        return
    yield ""
    head = f"{result.code}-{result.name} on {result.version}, {result.mode}: {result.title}"
    yield from wrap(neutralise(head), width)
    for run in (result.broken, result.fixed):
        for line in _faults(run):
            yield from (f"  {part}" for part in wrap(f"{run.variant}: {neutralise(line)}", width - 2))
    yield from (f"  {part}" for part in wrap(neutralise(result.command), width - 2))


def _faults(run: VariantResult) -> list[str]:
    if run.status is Status.UNKNOWN:
        return [f"could not be judged: {run.why}"]
    return list(run.misses)


def _claims(report: LabReport, width: int) -> Iterator[str]:
    """Yield each claim once, with the versions in which it is true or false."""
    texts = list(dict.fromkeys(claim.text for claim in report.claims))
    if texts:
        yield ""
        yield "What is said, tried:"
    for text in texts:
        answers: dict[str, list[str]] = {}
        for claim in report.claims:
            if claim.text == text:
                word = {True: "true", False: "false", None: "not known"}[claim.holds]
                versions = answers.setdefault(word, [])
                if claim.version not in versions:
                    versions.append(claim.version)
        said = "; ".join(f"{word} on {', '.join(versions)}" for word, versions in answers.items())
        yield from (f"  {part}" for part in wrap(f"“{neutralise(text)}”: {said}", width - 2))


def _absent(report: LabReport, width: int) -> Iterator[str]:
    if report.absent:
        yield ""
        yield "Not run:"
    for one in report.absent:
        yield from (f"  {part}" for part in wrap(neutralise(f"{one.what}: {one.why}"), width - 2))


def render_list(entries: Sequence[ScenarioEntry], *, width: int) -> str:
    """Return what there is, a line or two for each scenario."""
    lines = []
    for entry in entries:
        about = f"{', '.join(entry.holds) or 'none'} · {', '.join(entry.modes)}"
        about += f" · needs {', '.join(entry.needs)}" if entry.needs else ""
        lines.append(clip(f"{entry.code}-{entry.name}", width))
        lines += [f"    {part}" for part in wrap(f"{entry.title} ({about})", width - 4)]
    return "\n".join(lines) + "\n"


def render_steps(steps: Mapping[str, str], *, width: int) -> str:
    """Return each step with its documentation."""
    lines: list[str] = []
    for name, text in sorted(steps.items()):
        lines.append(name)
        paragraphs = inspect.cleandoc(text).replace("`", "").split("\n\n")
        lines += [f"    {part}" for paragraph in paragraphs for part in wrap(paragraph, width - 4)]
    return "\n".join(lines) + "\n"
