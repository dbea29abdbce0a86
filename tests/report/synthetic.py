"""Runs of a proof as they look, without HAProxy: attempts, events and the verdict that belongs to them.

The attempts are drawn once from a fixed seed; everything that the verdict counts is counted from them.
"""

from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from hitless.attempts import FLAG_IDEMPOTENT, FLAG_REUSED, NO_ATTEMPT, OUTCOME_CODES, OUTCOMES, dtype
from hitless.causes import CAUSES
from hitless.records import Event, EventKind, Outcome, StandIn, Stream, Target, Workload
from hitless.verdict import (
    CauseFound,
    ClientTotals,
    Control,
    Coverage,
    Generation,
    HAProxyUsed,
    Kernel,
    Latency,
    ListenerGap,
    NotCovered,
    Phase,
    Power,
    ProofResult,
    Reload,
    ReloadPhase,
    Totals,
    Verdict,
    VictimDetail,
    WorkloadResult,
)

ORIGIN_NS = 4_711_000_000_000
CONTROL_END_S = 6.0
DURATION_S = 26.0
RELOADS_S = (8.0, 11.5, 15.0, 18.5, 22.0)
HOSTILE = "</script><script>document.title='owned'</script>\"><img src=x onerror=\"document.title='owned'\">"
HOSTILE_TERMINAL = "\x1b]0;owned\x07\x1b[2J\u202e evil \udcff\x9b31m"

_WWW = Target(frontend="www", where="haproxy.cfg:31", address="192.168.10.25", port=80)
_API = Target(frontend="api", where="haproxy.cfg:44", address="2001:db8:10::25", port=443, tls=True)
_DB = Target(frontend="db", where="haproxy.cfg:60", address="192.168.10.25", port=5432, mode="tcp")

STREAMS = (
    Stream(number=0, workload=Workload.CONNECT, target=_WWW, rate_per_s=600),
    Stream(number=1, workload=Workload.KEEPALIVE, target=_WWW, connections=64, rate_per_s=400),
    Stream(number=2, workload=Workload.IDLE, target=_WWW, connections=200, rate_per_s=60, idle_s=3),
    Stream(number=3, workload=Workload.INFLIGHT, target=_WWW, rate_per_s=10, duration_s=1.5),
    Stream(number=4, workload=Workload.KEEPALIVE, target=_API, connections=64, rate_per_s=300),
    Stream(number=5, workload=Workload.H2, target=_API, rate_per_s=150, streams_per_connection=8),
    Stream(number=6, workload=Workload.TCP, target=_DB, rate_per_s=80),
)


@dataclass(frozen=True)
class Run:
    """What a bundle holds, and the verdict."""

    result: ProofResult
    attempts: npt.NDArray[np.void]
    streams: tuple[Stream, ...]
    events: tuple[Event, ...]


def _ns(t_s: float) -> int:
    return ORIGIN_NS + int(t_s * 1e9)


def _attempts(*, hurt: bool, rng: np.random.Generator) -> npt.NDArray[np.void]:
    parts = []
    for stream in STREAMS:
        count = int(stream.rate_per_s * DURATION_S)
        rows = np.zeros(count, dtype=dtype())
        start_s = (np.arange(count) + rng.random(count) * 0.5) / stream.rate_per_s
        latency_s = rng.lognormal(-6.6, 0.35, count) + stream.duration_s
        for reload_s in RELOADS_S:
            near = (start_s > reload_s) & (start_s < reload_s + 0.15)
            latency_s[near] += rng.exponential(0.012, int(near.sum()))
        rows["stream"] = stream.number
        rows["flags"] = FLAG_IDEMPOTENT | (FLAG_REUSED if stream.workload is not Workload.CONNECT else 0)
        rows["status"] = 0 if stream.target.mode == "tcp" else 200
        rows["intended_ns"] = ORIGIN_NS + (start_s * 1e9).astype(np.int64)
        rows["start_ns"] = rows["intended_ns"] + 30_000
        rows["opened_ns"] = rows["start_ns"] - 2_000_000_000
        rows["first_byte_ns"] = rows["intended_ns"] + (latency_s * 0.9e9).astype(np.int64)
        rows["end_ns"] = rows["intended_ns"] + (latency_s * 1e9).astype(np.int64)
        rows["local_port"] = rng.integers(20_000, 60_000, count)
        rows["request_number"] = rng.integers(1, 900, count)
        rows["received_bytes"] = 1_432
        rows["retry_of"] = NO_ATTEMPT
        if hurt:
            _hurt(rows, stream, start_s, rng)
        parts.append(rows)
    table = np.concatenate(parts)
    return table[np.argsort(table["end_ns"], kind="stable")]


def _hurt(
    rows: npt.NDArray[np.void], stream: Stream, start_s: npt.NDArray[np.float64], rng: np.random.Generator
) -> None:
    for reload_s in RELOADS_S:
        for workload, outcome, window_s, share in (
            (Workload.KEEPALIVE, Outcome.STALE_REUSE, 0.14, 0.9),
            (Workload.IDLE, Outcome.STALE_REUSE, 1.6, 0.95),
            (Workload.H2, Outcome.GOAWAY_LOST, 0.09, 0.5),
            (Workload.CONNECT, Outcome.CONNECT_RESET, 0.03, 0.25),
        ):
            if stream.workload is not workload:
                continue
            near = (start_s > reload_s + 0.06) & (start_s < reload_s + 0.06 + window_s)
            hit = near & (rng.random(len(rows)) < share)
            rows["outcome"][hit] = OUTCOME_CODES[outcome]
            rows["status"][hit] = 0
            rows["received_bytes"][hit] = 0
            rows["first_byte_ns"][hit] = 0
            rows["errno"][hit] = 104 if outcome is Outcome.CONNECT_RESET else 0


def _reloads(*, ok: bool = True) -> tuple[Reload, ...]:
    phases = (0.0, 38.2, 61.0, 61.9, 64.5, 71.3, 2310.0)
    return tuple(
        Reload(
            number=number,
            t_s=t_s,
            via="master-cli",
            ok=ok or number != 2,
            message=""
            if ok or number != 2
            else "[ALERT] (4242) : [haproxy.main()] Cannot bind [192.168.10.26:80]",
            old_pid=4200 + number - 1,
            new_pid=4200 + number,
            phases=tuple(
                ReloadPhase(name=name, t_ms=t_ms + number * 1.5 * (t_ms > 0))
                for name, t_ms in zip(Phase, phases, strict=True)
            ),
        )
        for number, t_s in enumerate(RELOADS_S, 1)
    )


def _generations() -> tuple[Generation, ...]:
    starts = (None, *(t_s + 0.038 for t_s in RELOADS_S))
    ends = (*(t_s + 2.31 for t_s in RELOADS_S), None)
    return tuple(
        Generation(
            pid=4200 + number,
            start_s=start,
            ready_s=None if start is None else start + 0.024,
            stopped_listening_s=None if end is None else end - 2.245,
            exit_s=end,
            exit_code=None if end is None else 0,
        )
        for number, (start, end) in enumerate(zip(starts, ends, strict=True))
    )


def _events() -> tuple[Event, ...]:
    events = [
        Event(t_ns=_ns(0), kind=EventKind.CONTROL_START),
        Event(t_ns=_ns(6), kind=EventKind.CONTROL_END),
    ]
    for number, t_s in enumerate(RELOADS_S, 1):
        old, new = 4200 + number - 1, 4200 + number
        events += [
            Event(
                t_ns=_ns(t_s), kind=EventKind.RELOAD_TRIGGER, text="reload on the master CLI", reload=number
            ),
            Event(
                t_ns=_ns(t_s + 0.038), kind=EventKind.PROCESS_START, pid=new, state="worker", reload=number
            ),
            Event(t_ns=_ns(t_s + 0.061), kind=EventKind.LISTENERS_OWNED, pid=new, number=3, reload=number),
            Event(t_ns=_ns(t_s + 0.0619), kind=EventKind.LISTENERS_RELEASED, pid=old, reload=number),
            Event(t_ns=_ns(t_s + 0.0713), kind=EventKind.RELOAD_REPLY, text="Success=1", reload=number),
            Event(t_ns=_ns(t_s + 2.31), kind=EventKind.PROCESS_EXIT, pid=old, number=0, reload=number),
        ]
        events += [
            Event(
                t_ns=_ns(t_s + 0.07 + index * 0.003),
                kind=EventKind.KERNEL_RESET_SENT,
                local=_WWW.endpoint,
                remote=f"198.18.0.1:{41_000 + index}",
                state="TCP_CLOSE",
                reason="TCP_ABORT_ON_CLOSE",
            )
            for index in range(12)
        ]
    return tuple(events)


def _counts(rows: npt.NDArray[np.void]) -> dict[Outcome, int]:
    codes, counts = np.unique(rows["outcome"], return_counts=True)
    return {OUTCOMES[code]: int(count) for code, count in zip(codes, counts, strict=True)}


def _latency(rows: npt.NDArray[np.void]) -> Latency:
    ms = (rows["end_ns"] - rows["intended_ns"]) / 1e6
    p50, p99 = np.percentile(ms, (50, 99))
    return Latency(
        count=len(ms), p50=round(float(p50), 3), p99=round(float(p99), 3), max=round(float(ms.max()), 3)
    )


def _workload(stream: Stream, attempts: npt.NDArray[np.void]) -> WorkloadResult:
    rows = attempts[attempts["stream"] == stream.number]
    before = rows["intended_ns"] < _ns(CONTROL_END_S)
    control, under = rows[before], rows[~before]
    failed = int(np.count_nonzero(under["outcome"]))
    polite = failed // 130
    status = {} if stream.target.mode == "tcp" else {"200": len(under) - failed}
    return WorkloadResult(
        name=stream.workload,
        frontend=stream.target.frontend,
        address=stream.target.endpoint,
        where=stream.target.where,
        stream=stream.number,
        attempts=len(under),
        failed=failed,
        outcomes=_counts(under),
        statuses=status,
        latency_ms=_latency(under[under["outcome"] == 0]),
        clients=ClientTotals(
            naive=Totals(attempts=len(under), failed=failed),
            polite=Totals(attempts=len(under), failed=polite),
            retrying=Totals(attempts=len(under)),
        ),
        control=Control(
            attempts=len(control), outcomes=_counts(control), statuses={}, latency_ms=_latency(control)
        ),
    )


_CODES = {Outcome.STALE_REUSE: "HL501", Outcome.GOAWAY_LOST: "HL504", Outcome.CONNECT_RESET: "HL502"}


def _causes(workloads: tuple[WorkloadResult, ...]) -> tuple[CauseFound, ...]:
    found = []
    for outcome, code in _CODES.items():
        rows = [w for w in workloads if w.outcomes.get(outcome)]
        if not rows:
            continue
        cause, victims = CAUSES[code], sum(w.outcomes[outcome] for w in rows)
        found.append(
            CauseFound(
                code=code,
                name=cause.name,
                summary=cause.summary,
                why=cause.why,
                fix=cause.fix,
                fix_where=f"haproxy.cfg:14 ({cause.section})" if cause.section else "",
                victims=victims,
                workloads=tuple(dict.fromkeys(w.name for w in rows)),
                frontends=tuple(dict.fromkeys(w.frontend for w in rows)),
                outcomes={outcome: victims},
                evidence=(
                    f"{victims} requests ended {outcome} between 61 and 140 ms after the trigger of a reload",
                ),
            )
        )
    return tuple(sorted(found, key=lambda c: -c.victims))


def _sample(attempts: npt.NDArray[np.void], most: int = 500) -> tuple[VictimDetail, ...]:
    rows = attempts[attempts["outcome"] > 0]
    rows = rows[:: max(1, -(-len(rows) // most))]
    details = []
    for row in rows:
        stream, outcome = STREAMS[row["stream"]], OUTCOMES[row["outcome"]]
        t_s = (int(row["end_ns"]) - ORIGIN_NS) / 1e9
        port = int(row["local_port"])
        details.append(
            VictimDetail(
                t_s=round(t_s, 6),
                workload=stream.workload,
                frontend=stream.target.frontend,
                address=stream.target.endpoint,
                outcome=outcome,
                local_port=port,
                connection_age_s=2.0,
                request_number=int(row["request_number"]),
                duration_ms=round((int(row["end_ns"]) - int(row["intended_ns"])) / 1e6, 3),
                cause=_CODES[outcome],
                reload=sum(t_s > at for at in RELOADS_S),
                phase=Phase.OLD_STOPPED_LISTENING,
                retried=Outcome.OK,
                kernel=f"RST to 198.18.0.1:{port} from {stream.target.endpoint}, TCP_ABORT_ON_CLOSE",
                log=(f"haproxy[4200]: 198.18.0.1:{port} [22/Nov/2026:14:32:09.123] www app/s1 200",),
            )
        )
    return tuple(details)


def make_run(*, hurt: bool = True) -> Run:
    """A run of 26 seconds with five reloads: one that hurts 1 500 requests or so, or one that hurts none."""
    attempts = _attempts(hurt=hurt, rng=np.random.default_rng(7))
    workloads = tuple(_workload(stream, attempts) for stream in STREAMS)
    made, failed = sum(w.attempts for w in workloads), sum(w.failed for w in workloads)
    result = ProofResult(
        hitless="0.1.0",
        haproxy=HAProxyUsed(version="2.8.25", path="/usr/sbin/haproxy"),
        mode="master-worker",
        via="master-cli",
        verdict=Verdict(
            passed=not hurt,
            evidence_complete=True,
            reloads=5,
            reasons=(f"{failed} requests of naive clients were hurt",) if hurt else (),
        ),
        clients=ClientTotals(
            naive=Totals(attempts=made, failed=failed),
            polite=Totals(attempts=made, failed=12 if hurt else 0),
            retrying=Totals(attempts=made),
        ),
        workloads=workloads,
        causes=_causes(workloads),
        kernel=Kernel(
            source="tracefs", resets_to_clients=60 * hurt, resets_matched=60 * hurt, listeners_watched=True
        ),
        power=Power(max_unseen_gap_us=180.0, failure_probability_upper_95=7.3e-5),
        coverage=Coverage(
            frontends=3,
            covered=3,
            stand_ins=(
                StandIn(
                    kind="certificate",
                    name="/etc/ssl/site.pem",
                    where="haproxy.cfg:44",
                    what="self-signed, RSA 2048",
                ),
                StandIn(kind="user", name="haproxy", where="haproxy.cfg:5", what="uid 0 of the namespace"),
            ),
        ),
        reloads=tuple(replace(r, victims=failed // len(RELOADS_S)) for r in _reloads()),
        generations=_generations(),
        victims_sample=_sample(attempts),
        notes=("hard-stop-after (30 s) was not reached in this run",),
        tier="root",
        configuration=("haproxy.cfg",),
        started_at="2026-11-22T14:32:01Z",
        duration_s=DURATION_S,
        origin_ns=ORIGIN_NS,
        control_end_s=CONTROL_END_S,
    )
    return Run(result, attempts, STREAMS, _events())


def make_restart() -> Run:
    """A run whose second reload failed and whose address had nobody listening for two seconds."""
    run = make_run()
    gap = ListenerGap(address=_WWW.endpoint, gap_us=2_031_544.0, t_s=RELOADS_S[1] + 0.02, reload=2)
    events = (
        *run.events,
        Event(t_ns=_ns(gap.t_s), kind=EventKind.KERNEL_UNLISTEN, local=gap.address, socket=7),
        Event(t_ns=_ns(gap.t_s + 2.031544), kind=EventKind.KERNEL_LISTEN, local=gap.address, socket=8),
    )
    result = replace(run.result, reloads=_reloads(ok=False))
    result = replace(result, kernel=replace(result.kernel, listener_gaps=(gap,)))
    return Run(result, run.attempts, run.streams, tuple(sorted(events, key=lambda e: e.t_ns)))


def make_incomplete() -> Run:
    """A run in which nothing was seen hurt, on evidence that proves nothing."""
    run = make_run(hurt=False)
    verdict = replace(
        run.result.verdict, passed=False, evidence_complete=False, reasons=("12 kernel events were lost",)
    )
    quiet = replace(run.result.workloads[-1], incomplete="no answer in the control run")
    missed = (NotCovered(where="haproxy.cfg:70", why="QUIC is not spoken by the clients", frontend="h3"),)
    result = replace(
        run.result,
        verdict=verdict,
        workloads=(*run.result.workloads[:-1], quiet),
        kernel=replace(run.result.kernel, lost_events=12),
        coverage=replace(run.result.coverage, frontends=4, not_covered=missed),
    )
    return Run(result, run.attempts, run.streams, run.events)


def make_hostile(text: str = HOSTILE) -> Run:
    """The run with `text` in every place that takes text from outside."""
    run = make_run()
    r = run.result
    first = replace(
        r.workloads[0], frontend=text, address=text, where=text, incomplete=text, statuses={text: 1}
    )
    victim = replace(
        r.victims_sample[0], frontend=text, address=text, phase=text, kernel=text, log=(text,), cause=text
    )
    cause = replace(r.causes[0], code=text, name=text, summary=text, why=text, fix=text, fix_where=text,
                    frontends=(text,), evidence=(text,))  # fmt: skip
    result = replace(
        r,
        haproxy=HAProxyUsed(version=text, path=text),
        mode=text,
        via=text,
        hitless=text,
        tier=text,
        started_at=text,
        verdict=replace(r.verdict, reasons=(text,)),
        workloads=(first, *r.workloads[1:]),
        causes=(cause, *r.causes[1:]),
        kernel=replace(r.kernel, listener_gaps=(ListenerGap(address=text, gap_us=7.0, t_s=9.0),), why=text),
        coverage=Coverage(
            frontends=3,
            covered=2,
            not_covered=(NotCovered(where=text, why=text, frontend=text),),
            stand_ins=(StandIn(kind=text, name=text, where=text, what=text),),
        ),
        reloads=(replace(r.reloads[0], via=text, message=text), *r.reloads[1:]),
        victims_sample=(victim, *r.victims_sample[1:]),
        notes=(text,),
        limitations=(text,),
        configuration=(text,),
    )
    target = msgspec.structs.replace(run.streams[0].target, frontend=text, address=text, port=0)
    streams = (msgspec.structs.replace(run.streams[0], target=target), *run.streams[1:])
    kinds = (EventKind.LOG_LINE, EventKind.HAPROXY_MESSAGE, EventKind.NOTE, EventKind.KERNEL_LISTEN)
    events = tuple(
        Event(t_ns=_ns(9), kind=kind, local=text, remote=text, state=text, reason=text, text=text)
        for kind in kinds
    )
    return Run(result, run.attempts, streams, run.events + events)


def replace(record: Any, **changes: Any) -> Any:
    """Shorter here than `msgspec.structs.replace`, and used thirty times."""
    return msgspec.structs.replace(record, **changes)
