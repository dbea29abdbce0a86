"""The verdict as GitHub-flavoured Markdown, for a pull request's comment or a job's summary.

Names and messages from outside stand in code spans, where GitHub makes no link, mention or HTML of them.
"""

import re
from collections.abc import Iterable, Sequence

from hitless.report.plain import neutralise
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
_SPECIAL = re.compile(r"([\\`*_\[\]#|~$]|^[-+=])")
_RIGHT = "--:"
_LEFT = ":--"


def render(result: ProofResult) -> str:
    """Return the verdict, its causes and its tables."""
    blocks = [
        f"## {_MARKS[result.conclusion]} {headline(result)}: {hurt(result)}",
        f"{_text(other_clients(result))}  \n{_text(' · '.join(context(result)))}",
        _list(result.verdict.reasons),
        *(_cause(cause) for cause in result.causes),
        _facts(result),
        _table(_WORKLOAD_HEAD, map(_workload, result.workloads), title="Workloads"),
        _table(_RELOAD_HEAD, map(_reload, result.reloads), title="Reloads"),
        _table(
            (("not covered", _LEFT), ("where", _LEFT), ("why", _LEFT)),
            ((_code(m.frontend), _code(m.where), _text(m.why)) for m in result.coverage.not_covered),
            title="Not covered",
        ),
        _table(
            (("stand-in", _LEFT), ("name", _LEFT), ("where", _LEFT), ("what", _LEFT)),
            (
                (_text(s.kind), _code(s.name), _code(s.where), _text(s.what))
                for s in result.coverage.stand_ins
            ),
            title="Stand-ins",
        ),
        _list((*result.notes, *result.limitations)),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _text(text: str) -> str:
    escaped = _SPECIAL.sub(r"\\\1", neutralise(text)).replace("&", "&amp;").replace("<", "&lt;")
    # GitHub makes a mention of "@name" and a link of "www." and "://": an empty comment parts them.
    return re.sub(r"@|:(?=//)|(?i:www)(?=\.)", r"\g<0><!-- -->", escaped.replace(">", "&gt;"))


def _code(text: str) -> str:
    """Return a code span; its fence is longer than any run of backticks in it (CommonMark 0.31, 6.1)."""
    plain = neutralise(text).replace("|", "\\|")
    if not plain:
        return ""
    fence = "`" * (max(map(len, re.findall("`+", plain)), default=0) + 1)
    return f"{fence} {plain} {fence}" if len(fence) > 1 else f"`{plain}`"


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {_text(item)}" for item in items)


def _cause(cause: CauseFound) -> str:
    head = f"### {_text(cause.code)} · {format_count(cause.victims)} · {_text(cause.summary or cause.name)}"
    places = " · ".join(filter(None, (counted(cause.workloads), counted(map(_code, cause.frontends)))))
    where = f" in {_code(cause.fix_where)}" if cause.fix_where else ""
    lines = (
        places,
        _text(cause.why),
        *(f"seen: {_text(e)}" for e in cause.evidence),
        f"**fix** {_code(cause.fix)}{where}",
    )
    return head + "\n\n" + "  \n".join(line for line in lines if line)


def _facts(result: ProofResult) -> str:
    lines = (kernel_line(result.kernel), power_line(result.power), coverage_line(result.coverage))
    return "\n".join(f"- **{line.label}** {_text(line.text)}" for line in lines)


def _table(head: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]], *, title: str) -> str:
    body = [f"| {' | '.join(row)} |" for row in rows]
    if not body:
        return ""
    names, rules = zip(*head, strict=True)
    return "\n".join((f"### {title}", "", f"| {' | '.join(names)} |", f"| {' | '.join(rules)} |", *body))


_WORKLOAD_HEAD = (
    ("workload", _LEFT),
    ("frontend", _LEFT),
    ("address", _LEFT),
    ("requests", _RIGHT),
    ("hurt", _RIGHT),
    ("outcomes", _LEFT),
    ("p50 / p99 / max ms", _RIGHT),
    ("control p50 / p99 / max ms", _RIGHT),
)


def _workload(workload: WorkloadResult) -> tuple[str, ...]:
    failed = format_count(workload.failed)
    return (
        workload.name,
        _code(workload.frontend),
        _code(workload.address),
        format_count(workload.attempts),
        f"**{failed}**" if workload.failed else failed,
        _text(outcomes(workload.outcomes) + (f"; {workload.incomplete}" if workload.incomplete else "")),
        _latency(workload.latency_ms),
        _latency(workload.control.latency_ms),
    )


def _latency(latency: Latency | None) -> str:
    if latency is None:
        return ""
    return " / ".join(map(milliseconds, (latency.p50, latency.p99, latency.max)))


_RELOAD_HEAD = (
    ("reload", _RIGHT),
    ("at s", _RIGHT),
    ("how", _LEFT),
    ("result", _LEFT),
    ("new owns listeners ms", _RIGHT),
    ("old gone ms", _RIGHT),
    ("old → new pid", _LEFT),
)


def _reload(reload: Reload) -> tuple[str, ...]:
    times = {phase.name: f"{phase.t_ms:.1f}" for phase in reload.phases}
    return (
        str(reload.number),
        f"{reload.t_s:.2f}",
        _text(via_words(reload.via)),
        " ".join(filter(None, ("ok" if reload.ok else "**failed**", _code(reload.message)))),
        times.get(Phase.LISTENERS_OWNED, ""),
        times.get(Phase.OLD_GONE, ""),
        f"{reload.old_pid or '?'} → {reload.new_pid or '?'}",
    )
