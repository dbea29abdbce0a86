"""The verdict as GitHub-flavoured Markdown, for a pull request's comment or a job's summary.

Names and messages from outside stand in code spans, where GitHub makes no link, mention or HTML of them.
"""

from hitless.report.gfm import LEFT, RIGHT, bullets, code_span, plain_text, table
from hitless.report.wording import (
    context,
    counted,
    coverage_line,
    headline,
    hurt,
    kernel_line,
    milliseconds,
    other_clients,
    outcomes,
    power_line,
    via_words,
)
from hitless.units import format_count
from hitless.verdict import CauseFound, Conclusion, Latency, Phase, ProofResult, Reload, WorkloadResult

__all__ = ["render"]

_MARKS = {Conclusion.HITLESS: "✅", Conclusion.NOT_HITLESS: "❌", Conclusion.NO_VERDICT: "⚠️"}


def render(result: ProofResult) -> str:
    """Return the verdict, its causes and its tables."""
    blocks = [
        f"## {_MARKS[result.conclusion]} {headline(result)}: {hurt(result)}",
        f"{plain_text(other_clients(result))}  \n{plain_text(' · '.join(context(result)))}",
        bullets(result.verdict.reasons),
        *(_cause(cause) for cause in result.causes),
        _facts(result),
        table(_WORKLOAD_HEAD, map(_workload, result.workloads), title="Workloads"),
        table(_RELOAD_HEAD, map(_reload, result.reloads), title="Reloads"),
        table(
            (("not covered", LEFT), ("where", LEFT), ("why", LEFT)),
            (
                (code_span(m.frontend), code_span(m.where), plain_text(m.why))
                for m in result.coverage.not_covered
            ),
            title="Not covered",
        ),
        table(
            (("stand-in", LEFT), ("name", LEFT), ("where", LEFT), ("what", LEFT)),
            (
                (plain_text(s.kind), code_span(s.name), code_span(s.where), plain_text(s.what))
                for s in result.coverage.stand_ins
            ),
            title="Stand-ins",
        ),
        bullets((*result.notes, *result.limitations)),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _cause(cause: CauseFound) -> str:
    head = f"### {plain_text(cause.code)} · {format_count(cause.victims)} · {plain_text(cause.summary or cause.name)}"
    places = " · ".join(filter(None, (counted(cause.workloads), counted(map(code_span, cause.frontends)))))
    where = f" in {code_span(cause.fix_where)}" if cause.fix_where else ""
    lines = (
        places,
        plain_text(cause.why),
        *(f"seen: {plain_text(e)}" for e in cause.evidence),
        f"**fix** {code_span(cause.fix)}{where}",
    )
    return head + "\n\n" + "  \n".join(line for line in lines if line)


def _facts(result: ProofResult) -> str:
    lines = (kernel_line(result.kernel), power_line(result.power), coverage_line(result.coverage))
    return "\n".join(f"- **{line.label}** {plain_text(line.text)}" for line in lines)


_WORKLOAD_HEAD = (
    ("workload", LEFT),
    ("frontend", LEFT),
    ("address", LEFT),
    ("requests", RIGHT),
    ("hurt", RIGHT),
    ("outcomes", LEFT),
    ("p50 / p99 / max ms", RIGHT),
    ("control p50 / p99 / max ms", RIGHT),
)


def _workload(workload: WorkloadResult) -> tuple[str, ...]:
    failed = format_count(workload.failed)
    return (
        workload.name,
        code_span(workload.frontend),
        code_span(workload.address),
        format_count(workload.attempts),
        f"**{failed}**" if workload.failed else failed,
        plain_text(outcomes(workload.outcomes) + (f"; {workload.incomplete}" if workload.incomplete else "")),
        _latency(workload.latency_ms),
        _latency(workload.control.latency_ms),
    )


def _latency(latency: Latency | None) -> str:
    if latency is None:
        return ""
    return " / ".join(map(milliseconds, (latency.p50, latency.p99, latency.max)))


_RELOAD_HEAD = (
    ("reload", RIGHT),
    ("at s", RIGHT),
    ("how", LEFT),
    ("result", LEFT),
    ("new owns listeners ms", RIGHT),
    ("old gone ms", RIGHT),
    ("old → new pid", LEFT),
)


def _reload(reload: Reload) -> tuple[str, ...]:
    times = {phase.name: f"{phase.t_ms:.1f}" for phase in reload.phases}
    return (
        str(reload.number),
        f"{reload.t_s:.2f}",
        plain_text(via_words(reload.via)),
        " ".join(filter(None, ("ok" if reload.ok else "**failed**", code_span(reload.message)))),
        times.get(Phase.LISTENERS_OWNED, ""),
        times.get(Phase.OLD_GONE, ""),
        f"{reload.old_pid or '?'} → {reload.new_pid or '?'}",
    )
