from msgspec.structs import replace

from hitless.causes import UNEXPLAINED
from hitless.explain.analysis.proofs import (
    Proof,
    find_proven,
    join_proofs,
    name_causes_between,
    processes_of,
)
from hitless.explanations import Counting
from hitless.logged import Certainty, ChangeKind, Clock, Generation, Moment
from hitless.units import NANOSECONDS_PER_MILLISECOND
from hitless.verdict import ProofResult
from tests.explain.analysis.views import change
from tests.prove.runs import FIRST_RELOAD_S, KEEPALIVE, Run

START_NS = 1_795_000_000 * 10**9


def proof(result: ProofResult) -> Proof:
    return Proof("bundle", result, START_NS, NANOSECONDS_PER_MILLISECOND)


def hurt() -> ProofResult:
    run = Run()
    run.stale(KEEPALIVE, 6.2)
    run.stale(KEEPALIVE, 6.3)
    return run.judge()


def test_each_reload_is_a_change_with_its_victims() -> None:
    one, other = find_proven([proof(hurt())])
    assert (one.change.kind, one.change.certainty, one.change.old_pids, one.change.new_pids) == (
        ChangeKind.RELOAD,
        Certainty.STATED,
        (100,),
        (101,),
    )
    origin_s = (one.change.at.t_ns - START_NS) / 1e9
    assert origin_s == FIRST_RELOAD_S + 0.5, "the load began half a second before the control run"
    assert one.change.at.clock is Clock.PROOF
    assert any("listeners-owned after" in note for note in one.change.notes)
    assert (one.found.reload, one.found.reloads, one.found.victims, one.found.is_complete) == (1, 2, 2, True)
    (cause,) = one.causes
    assert (cause.code, cause.victims, cause.counting) == ("HL501", 2, Counting.COUNTED)
    assert any("keepalive at www: stale_reuse" in statement.text for statement in cause.evidence)
    assert other.causes == ()


def test_a_reload_that_a_log_shows_too_is_one_change() -> None:
    proven = find_proven([proof(hurt())])
    at = Moment(t_ns=proven[1].change.at.t_ns, error_ns=10**9, clock=Clock.SYSLOG)
    logged = change(at=at, old_pids=(101,), new_pids=(102,))
    elsewhere = change(ChangeKind.STOP)
    changes, found = join_proofs([logged, elsewhere], proven)
    assert len(changes) == 3
    assert [index for index, change in enumerate(changes) if change is logged] == [1]
    assert {index: one.found.reload for index, one in found.items()} == {0: 1, 1: 2}


def test_pids_alone_are_no_proof() -> None:
    """Each proof has its own pids from 1 on."""
    proven = find_proven([proof(hurt())])
    logged = change(old_pids=(100,), new_pids=(101,))
    assert len(join_proofs([logged], proven)[0]) == 3
    again = find_proven([proof(hurt()), proof(hurt())])
    assert len(join_proofs([], again)[0]) == 4


def test_a_failed_reload_is_no_good_one_of_the_log() -> None:
    result = hurt()
    failed = replace(result, reloads=(replace(result.reloads[0], ok=False, message="cannot bind"),))
    (one,) = find_proven([proof(failed)])
    assert (one.change.kind, one.change.reason) == (ChangeKind.FAILED_RELOAD, "cannot bind")
    changes, _ = join_proofs([change(at=one.change.at, new_pids=())], [one])
    assert len(changes) == 2
    (again,) = find_proven([proof(replace(result, via="restart", reloads=result.reloads[:1]))])
    assert again.change.kind is ChangeKind.RESTART


def test_what_a_proof_keeps_no_details_of_is_said() -> None:
    result = hurt()
    (cause,) = result.causes
    reload = replace(result.reloads[0], victims=50)
    two = (replace(cause, victims=45), replace(cause, code=UNEXPLAINED, victims=5))
    (one,) = find_proven([proof(replace(result, causes=two, reloads=(reload,)))])
    named, rest = one.causes
    assert (named.code, named.victims, named.counting) == ("HL501", 2, Counting.AT_LEAST)
    assert (rest.name, rest.victims) == ("not-detailed", 48)
    (one,) = find_proven([proof(replace(result, causes=two[:1], reloads=(reload,)))])
    assert [(c.code, c.victims, c.counting) for c in one.causes] == [("HL501", 50, Counting.COUNTED)]


def test_victims_between_reloads() -> None:
    result = hurt()
    assert name_causes_between([proof(result)]) == ()
    none_at_reloads = replace(
        result,
        reloads=tuple(replace(reload, victims=0) for reload in result.reloads),
        victims_sample=tuple(replace(victim, reload=0) for victim in result.victims_sample),
    )
    (cause,) = name_causes_between([proof(none_at_reloads)])
    assert (cause.code, cause.victims) == ("HL501", 2)


def test_processes_that_no_log_shows() -> None:
    found = processes_of([proof(hurt())], [Generation(pid=101)])
    assert [one.pid for one in found] == [100, 102]
    assert found[0].drained_ns is not None
    assert found[1].started is not None
