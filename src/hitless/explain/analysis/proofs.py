"""Proofs of `hitless prove`: their reloads beside the changes that logs show, their processes, their victims. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from hitless.causes import CAUSES, UNEXPLAINED
from hitless.explanations import Counting, NamedCause, ProofFound, Statement
from hitless.logged import Certainty, Change, ChangeKind, Clock, Generation, Moment
from hitless.units import NANOSECONDS_PER_MILLISECOND, NANOSECONDS_PER_SECOND, format_count, format_duration
from hitless.verdict import CauseFound, Phase, ProofResult, Reload, VictimDetail

__all__ = ["Proof", "ProvenReload", "find_proven", "join_proofs", "name_causes_between", "processes_of"]

_NEAR_NS = 3 * NANOSECONDS_PER_SECOND
_SAME_PIDS_NS = 120 * NANOSECONDS_PER_SECOND
"""Clocks may differ; but each proof begins its own pids anew, and two have the same ones."""
_RESTART = "restart"
_MATCHING = frozenset(
    {ChangeKind.RELOAD, ChangeKind.FAILED_RELOAD, ChangeKind.REPLACED, ChangeKind.RESTART, ChangeKind.START}
)
_EXAMPLES = 2
_NOT_DETAILED = "not-detailed"


@dataclass(frozen=True, slots=True)
class Proof:
    """One proof. `origin_ns` is CLOCK_REALTIME at its second 0, known to `error_ns`."""

    name: str
    result: ProofResult
    origin_ns: int
    error_ns: int

    def at(self, seconds: float) -> Moment:
        """Return a moment of the proof."""
        t_ns = self.origin_ns + round(seconds * NANOSECONDS_PER_SECOND)
        return Moment(t_ns=t_ns, error_ns=self.error_ns, clock=Clock.PROOF)


@dataclass(frozen=True, slots=True)
class ProvenReload:
    """One reload of a proof as a change, with what the proof knows of it."""

    change: Change
    found: ProofFound
    causes: tuple[NamedCause, ...]


def find_proven(proofs: Iterable[Proof]) -> list[ProvenReload]:
    """Return the reloads of all proofs."""
    return [_proven(proof, reload) for proof in proofs for reload in proof.result.reloads]


def join_proofs(
    changes: Sequence[Change], proven: Iterable[ProvenReload]
) -> tuple[tuple[Change, ...], dict[int, ProvenReload]]:
    """Return the changes in order of time, and the reloads of proofs that are about one, by its index."""
    merged = list(changes)
    of_change: dict[int, ProvenReload] = {}
    for one in proven:
        match = next((c for c in merged if id(c) not in of_change and _is_about(one.change, c)), None)
        if match is None:
            match = one.change
            merged.append(match)
        of_change[id(match)] = one
    merged.sort(key=lambda c: (c.at.t_ns, c.at.error_ns))
    return tuple(merged), {n: of_change[id(c)] for n, c in enumerate(merged) if id(c) in of_change}


def processes_of(proofs: Iterable[Proof], known: Iterable[Generation]) -> tuple[Generation, ...]:
    """Return the processes of proofs that are not among those that logs show."""
    seen = {generation.pid for generation in known}
    return tuple(
        Generation(
            pid=one.pid,
            program="haproxy",
            started=_moment(proof, one.start_s),
            stop_asked=_moment(proof, one.stopped_listening_s),
            exited=_moment(proof, one.exit_s),
            exit_code=one.exit_code or 0,
        )
        for proof in proofs
        for one in proof.result.generations
        if one.pid not in seen
    )


def name_causes_between(proofs: Iterable[Proof]) -> tuple[NamedCause, ...]:
    """Return the causes of those whom proofs saw hurt at no reload."""
    return tuple(
        cause
        for proof in proofs
        if (rest := proof.result.judged.failed - sum(r.victims for r in proof.result.reloads)) > 0
        for cause in _name_causes(proof, 0, rest)
    )


def _moment(proof: Proof, seconds: float | None) -> Moment | None:
    return proof.at(seconds) if seconds is not None else None


def _is_about(proven: Change, change: Change) -> bool:
    if change.kind not in _MATCHING or {proven.kind, change.kind} == {
        ChangeKind.RELOAD,
        ChangeKind.FAILED_RELOAD,
    }:
        return False
    new = set(proven.new_pids) & set(change.new_pids)
    if new and set(proven.old_pids) & set(change.old_pids):
        return _are_near(proven.at, change.at, _SAME_PIDS_NS)
    return (bool(new) or not proven.new_pids or not change.new_pids) and _are_near(
        proven.at, change.at, _NEAR_NS
    )


def _are_near(one: Moment, other: Moment, most_ns: int) -> bool:
    return one.t_ns <= other.latest_ns + most_ns and other.t_ns <= one.latest_ns + most_ns


def _proven(proof: Proof, reload: Reload) -> ProvenReload:
    result = proof.result
    kind = ChangeKind.RELOAD if reload.ok else ChangeKind.FAILED_RELOAD
    if reload.ok and result.via == _RESTART:
        kind = ChangeKind.RESTART
    settled_ms = max((p.t_ms for p in reload.phases if p.name is not Phase.OLD_GONE), default=0.0)
    at = proof.at(reload.t_s)
    change = Change(
        kind=kind,
        at=at,
        certainty=Certainty.STATED,
        program="haproxy",
        old_pids=(reload.old_pid,) if reload.old_pid else (),
        new_pids=(reload.new_pid,) if reload.new_pid else (),
        until=proof.at(reload.t_s + settled_ms / 1000) if settled_ms else None,
        reason=reload.message if not reload.ok else "",
        notes=(f"Reload {reload.number} of {len(result.reloads)} of a proof.", *_phases(reload)),
    )
    found = ProofFound(
        name=proof.name,
        reload=reload.number,
        reloads=len(result.reloads),
        via=reload.via,
        is_ok=reload.ok,
        victims=reload.victims,
        attempts=result.judged.attempts,
        client_class=result.verdict.client_class.value,
        is_complete=result.verdict.evidence_complete,
        resets_to_clients=result.kernel.resets_to_clients,
        phases_ms=tuple((phase.name.value, phase.t_ms) for phase in reload.phases),
    )
    return ProvenReload(change, found, tuple(_name_causes(proof, reload.number, reload.victims)))


def _phases(reload: Reload) -> Iterator[str]:
    words = [
        f"{p.name.value} after {format_duration(p.t_ms / 1000)}"
        for p in reload.phases
        if p.name is not Phase.TRIGGERED
    ]
    if words:
        yield f"{', '.join(words)}."


def _name_causes(proof: Proof, number: int, victims: int) -> Iterator[NamedCause]:
    """Yield the causes of those who were hurt at one reload; a proof keeps details of some of them alone."""
    if not victims:
        return
    causes = {cause.code: cause for cause in proof.result.causes if cause.victims}
    details = [victim for victim in proof.result.victims_sample if victim.reload == number]
    counts = Counter(victim.cause for victim in details)
    if len(causes) == 1:
        counts = Counter(dict.fromkeys(causes, victims))
    is_whole = counts.total() >= victims
    for code, count in counts.most_common():
        mine = [victim for victim in details if victim.cause == code]
        counting = Counting.COUNTED if is_whole else Counting.AT_LEAST
        yield _cause(proof, code, causes.get(code), count, counting, mine)
    if not is_whole:
        yield NamedCause(
            code="",
            name=_NOT_DETAILED,
            summary="hurt by the proof's count, which keeps no details of them",
            victims=victims - counts.total(),
            counting=Counting.COUNTED,
            certainty=Certainty.STATED,
            evidence=tuple(
                Statement(text=f"in the whole proof: {format_count(cause.victims)} by {code} {cause.name}")
                for code, cause in causes.items()
            ),
        )


def _cause(
    proof: Proof,
    code: str,
    cause: CauseFound | None,
    victims: int,
    counting: Counting,
    details: Sequence[VictimDetail],
) -> NamedCause:
    known = CAUSES.get(code)
    evidence = [
        Statement(text=f"in the whole proof: {text}")
        for text in (cause.evidence if cause is not None else ())
    ]
    evidence += [_of_victim(proof, victim) for victim in details[:_EXAMPLES]]
    where = f" ({cause.fix_where})" if cause is not None and cause.fix_where else ""
    return NamedCause(
        code=code if known is not None else "",
        name=known.name if known is not None else UNEXPLAINED,
        summary=known.summary if known is not None else "hurt in a way that fits no cause that is known",
        victims=victims,
        counting=counting,
        certainty=Certainty.STATED,
        evidence=tuple(evidence),
        change=f"{known.fix}{where}" if known is not None else "",
    )


def _of_victim(proof: Proof, victim: VictimDetail) -> Statement:
    status = f" {victim.status}" if victim.status else ""
    parts = [
        f"{victim.workload.value} at {victim.frontend}: {victim.outcome.value}{status}",
        f"after {format_duration(victim.duration_ms * NANOSECONDS_PER_MILLISECOND / NANOSECONDS_PER_SECOND)}",
        f"request {victim.request_number} of its connection" if victim.request_number else "",
        f"phase {victim.phase}" if victim.phase else "",
        f"kernel: {victim.kernel}" if victim.kernel else "",
        *(f"log: {line}" for line in victim.log[:1]),
    ]
    return Statement(text="for example " + ", ".join(filter(None, parts)), t_ns=proof.at(victim.t_s).t_ns)
