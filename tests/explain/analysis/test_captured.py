from msgspec.structs import replace

from hitless.captured import CapturedConnection, CaptureTotals, Ending, ListenerGap, Phase, Side
from hitless.explain.analysis.captured import CaptureEvidence, hurt_at_ns, share_out
from hitless.explain.analysis.spans import plan_spans
from hitless.logged import ChangeKind
from tests.explain.analysis.views import AT, SECOND, change


def victim(ending: Ending, t_ns: int, port: int = 1000) -> CapturedConnection:
    return CapturedConnection(
        client=f"192.0.2.1:{port}",
        proxy="192.0.2.9:80",
        ending=ending,
        phase=Phase.REQUEST,
        first_ns=t_ns - SECOND,
        ended_ns=t_ns,
        reset_by=Side.PROXY,
        requests=1,
        request_ns=t_ns,
    )


def evidence_of(*victims: CapturedConnection) -> CaptureEvidence:
    evidence = CaptureEvidence(
        totals=CaptureTotals(first_ns=AT.t_ns - 60 * SECOND, last_ns=AT.t_ns + 60 * SECOND)
    )
    for one in victims:
        evidence.take(one)
    return evidence


def test_victims_go_to_the_event_of_their_time() -> None:
    hard_stop = change(ChangeKind.HARD_STOP, at=replace(AT, t_ns=AT.t_ns + SECOND), new_pids=())
    spans = plan_spans([change(), hard_stop])
    evidence = evidence_of(
        victim(Ending.STALE_REUSE, AT.t_ns + 2 * SECOND, 1),
        victim(Ending.STREAM_CUT, AT.t_ns + 2 * SECOND, 2),
        victim(Ending.STALE_REUSE, AT.t_ns + 50 * SECOND, 3),
    )
    evidence.take(
        ListenerGap(proxy="x", first_refused_ns=AT.t_ns, last_refused_ns=AT.t_ns + SECOND, refused=4)
    )
    found, outside = share_out(evidence, spans, 0, {"192.0.2.1:1": object()})
    assert dict(found[0].endings) == {"stale_reuse": 1}
    assert dict(found[1].endings) == {"stream_cut": 1}
    assert (found[0].matched, found[0].connections, found[0].resets_by_proxy) == (1, 2, 2)
    assert len(found[0].gaps) == 1
    assert [one.client for one in outside] == ["192.0.2.1:3"]


def test_the_captures_clock_is_set() -> None:
    spans = plan_spans([change()])
    evidence = evidence_of(victim(Ending.STALE_REUSE, AT.t_ns + 30 * SECOND))
    found, outside = share_out(evidence, spans, 29 * SECOND, {})
    assert dict(found[0].endings) == {"stale_reuse": 1}
    assert not outside
    assert not found[0].looked_for


def test_a_refusal_is_of_when_it_was_tried() -> None:
    assert hurt_at_ns(victim(Ending.REFUSED, AT.t_ns)) == AT.t_ns - SECOND
    assert hurt_at_ns(victim(Ending.STALE_REUSE, AT.t_ns)) == AT.t_ns
