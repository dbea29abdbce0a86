"""The tables: workloads, reloads with their phases, coverage and stand-ins."""

from collections.abc import Iterable, Sequence

from hitless.records import Outcome
from hitless.report.html.markup import Markup, join, raw, tag
from hitless.report.wording import PHASE_WORDS, milliseconds, outcomes, via_words
from hitless.units import format_count
from hitless.verdict import Latency, Phase, ProofResult, Reload, WorkloadResult

__all__ = ["render_coverage", "render_reloads", "render_workloads", "table"]

_NUMBER = "n"


def table(caption: str, head: Sequence[tuple[str, str]], rows: Iterable[Sequence[object]]) -> Markup:
    """Return a table that scrolls sideways where it is too wide; `head`: names and classes of its columns."""
    names = tag("tr", *(tag("th", name, scope="col", class_=kind or None) for name, kind in head))
    body = (
        tag("tr", *(tag("td", cell, class_=kind or None) for cell, (_, kind) in zip(row, head, strict=True)))
        for row in rows
    )
    inner = tag("table", tag("caption", caption, class_="hidden"), tag("thead", names), tag("tbody", *body))
    return tag("div", inner, class_="scroll", tabindex="0", role="region", aria_label=caption)


def render_workloads(result: ProofResult) -> Markup:
    """Return one row for each workload of each frontend, under reload and in the control run."""
    head = (
        ("frontend", ""),
        ("workload", ""),
        ("address", ""),
        ("requests", _NUMBER),
        ("hurt", _NUMBER),
        ("polite", _NUMBER),
        ("retrying", _NUMBER),
        ("outcomes under reload", ""),
        ("p50 / p99 / max ms", _NUMBER),
        ("control run", ""),
        ("p50 / p99 / max ms", _NUMBER),
    )
    rows = map(_workload, result.workloads)
    return tag("section", tag("h2", "Workloads"), table("Workloads", head, rows), id="workloads")


def _workload(workload: WorkloadResult) -> tuple[object, ...]:
    frontend: object = workload.frontend
    if workload.where:
        frontend = join((frontend, tag("br"), tag("small", workload.where)))
    incomplete = (
        tag("div", f"proves nothing: {workload.incomplete}", class_="worry") if workload.incomplete else ""
    )
    return (
        frontend,
        workload.name,
        tag("code", workload.address),
        format_count(workload.attempts),
        _hurt(workload.failed),
        _hurt(workload.clients.polite.failed),
        _hurt(workload.clients.retrying.failed),
        join((_counts(workload.outcomes, workload.statuses), incomplete)),
        _latency(workload.latency_ms),
        _counts(workload.control.outcomes, workload.control.statuses),
        _latency(workload.control.latency_ms),
    )


def _hurt(count: int) -> Markup:
    return tag("b", format_count(count), class_="hurt") if count else tag("span", "0", class_="zero")


def _counts(by_outcome: dict[Outcome, int], by_status: dict[str, int]) -> Markup:
    statuses = ", ".join(f"{status}: {format_count(n)}" for status, n in by_status.items())
    words = outcomes(by_outcome) or "nothing"
    return join((words, tag("br"), tag("small", f"HTTP {statuses}"))) if statuses else join((words,))


def _latency(latency: Latency | None) -> Markup:
    if latency is None:
        return raw("")
    values = " / ".join(map(milliseconds, (latency.p50, latency.p99, latency.max)))
    return join((values, tag("br"), tag("small", f"{format_count(latency.count)} answers")))


def render_reloads(result: ProofResult) -> Markup:
    """Return one row for each reload; phases in milliseconds after its trigger."""
    phases = [phase for phase in Phase if phase is not Phase.TRIGGERED]
    head = (
        ("reload", _NUMBER),
        ("at s", _NUMBER),
        ("how", ""),
        ("result", ""),
        ("old → new pid", "nowrap"),
        *((f"{PHASE_WORDS[phase]} ms", _NUMBER) for phase in phases),
        ("hurt", _NUMBER),
    )
    rows = (_reload(reload, phases) for reload in result.reloads)
    return tag("section", tag("h2", "Reloads"), table("Reloads", head, rows), id="reloads")


def _reload(reload: Reload, phases: Sequence[Phase]) -> tuple[object, ...]:
    times = {phase.name: f"{phase.t_ms:.1f}" for phase in reload.phases}
    verdict: object = "took over" if reload.ok else tag("b", "failed", class_="hurt")
    if reload.message:
        verdict = join((verdict, tag("br"), tag("code", reload.message)))
    return (
        reload.number,
        f"{reload.t_s:.3f}",
        via_words(reload.via),
        verdict,
        f"{reload.old_pid or '?'} → {reload.new_pid or '?'}",
        *(times.get(phase, tag("span", "not seen", class_="zero")) for phase in phases),
        _hurt(reload.victims),
    )


def render_coverage(result: ProofResult) -> Markup:
    """Return what was not covered and what stood in for what this machine lacks."""
    coverage = result.coverage
    missed = ((m.frontend, tag("code", m.where), m.why) for m in coverage.not_covered)
    stand_ins = ((s.kind, tag("code", s.name), tag("code", s.where), s.what) for s in coverage.stand_ins)
    parts = (
        table("Not covered", (("not covered", ""), ("where", ""), ("why", "")), missed)
        if coverage.not_covered
        else tag("p", f"All {format_count(coverage.frontends)} frontends were covered."),
        table(
            "Stand-ins", (("stand-in", ""), ("name", ""), ("named in", ""), ("what stood in", "")), stand_ins
        )
        if coverage.stand_ins
        else tag("p", "Nothing stood in: everything the configuration names was there."),
    )
    return tag("section", tag("h2", "Coverage and stand-ins"), *parts, id="coverage")
