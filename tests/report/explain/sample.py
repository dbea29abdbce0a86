"""An explanation with everything in it that a report can show."""

from msgspec.structs import replace

from hitless.captured import CapturedConnection, CaptureTotals, Close, Ending, ListenerGap, Phase, Side
from hitless.captured import Skipped as SkippedPackets
from hitless.explanations import (
    AcceptHole,
    ApplicationErrors,
    Captured,
    ClockOffset,
    Counting,
    EndingCount,
    ExplainedEvent,
    Explanation,
    Fault,
    FaultKind,
    Group,
    InputKind,
    InputRead,
    Judgement,
    NamedCause,
    NotKnown,
    Plot,
    PlotLine,
    ProofFound,
    Quote,
    ReceiptFound,
    Role,
    Statement,
    TrafficCount,
)
from hitless.logged import Certainty, Change, ChangeKind, Clock, Generation, Moment, Skipped, SkipReason

START_S = 1_795_357_860
SECOND = 10**9
HOSTILE = "</pre><script>document.title='owned'</script>\x1b[31m\u202e"


def moment(second: float) -> Moment:
    return Moment(t_ns=round((START_S + second) * SECOND), error_ns=10**6, clock=Clock.HAPROXY)


def plot() -> Plot:
    """Two minutes: the old process until the second 62, the new one from 60 on; 3 bad endings in second 61."""
    old = tuple(10 if second < 60 else 4 * (second < 62) for second in range(120))
    new = tuple(10 * (second >= 60) for second in range(120))
    bad = tuple(3 * (second == 61) for second in range(120))
    return Plot(
        start_s=START_S,
        bucket_s=1,
        processes=(
            PlotLine(pid=11, role=Role.OLD, requests=old, errors=bad),
            PlotLine(pid=22, role=Role.NEW, requests=new, errors=(0,) * 120),
        ),
    )


def harmful(words: str = "hard stop") -> ExplainedEvent:
    connection = CapturedConnection(
        client="192.0.2.9:4711",
        proxy="192.0.2.1:80",
        ending=Ending.STALE_REUSE,
        phase=Phase.REQUEST,
        ended_by=Side.PROXY,
        closed_with=Close.FIN,
        ended_ns=moment(60).t_ns,
        requests=2,
    )
    return ExplainedEvent(
        number=2,
        change=Change(
            kind=ChangeKind.RELOAD,
            at=moment(60),
            certainty=Certainty.STATED,
            old_pids=(11,),
            new_pids=(22,),
            until=moment(61),
            refused_ns=2 * SECOND,
            cut_connections=1,
            reason=words,
            notes=(words,),
        ),
        judgement=Judgement.HARMFUL,
        headline=f"reload: 3 requests hurt by {words}",
        since_ns=moment(59).t_ns,
        until_ns=moment(65).t_ns,
        during=TrafficCount(duration_s=6, lines=60, errors=3),
        before=TrafficCount(duration_s=60, lines=600, errors=0),
        causes=(
            NamedCause(
                code="HL201",
                name="cut-at-hard-stop",
                summary=words,
                victims=3,
                counting=Counting.AT_LEAST,
                certainty=Certainty.STATED,
                evidence=(Statement(text=words, quotes=(0, 7)),),
                change=words,
            ),
        ),
        endings=(
            EndingCount(
                role=Role.OLD,
                status=503,
                termination="SC--",
                lines=3,
                usual=0.25,
                meaning=words,
                is_excess=True,
                pids=(11,),
            ),
            EndingCount(role=Role.NEW, status=-1, termination="", lines=1, usual=None, meaning="closed"),
        ),
        groups=(Group(by="frontend", name=words, lines=3),),
        holes=(AcceptHole(frontend=words, begin_ns=moment(60).t_ns, duration_s=2, usual_per_s=10),),
        captured=Captured(
            connections=5,
            endings=(("stale_reuse", 1), ("not_an_ending", 1)),
            resets_by_proxy=1,
            gaps=(
                ListenerGap(
                    proxy=words, first_refused_ns=moment(60).t_ns, last_refused_ns=moment(62).t_ns, refused=9
                ),
            ),
            examples=(connection,),
            looked_for=True,
        ),
        application=ApplicationErrors(lines=4, usual=0.5, by_pattern=((words, 4),), joined=1),
        receipt=ReceiptFound(
            id="r1",
            outcome="done",
            reason=words,
            requester="root",
            mechanism="master CLI",
            resets_to_clients=0,
        ),
        proof=ProofFound(
            name=words,
            reload=1,
            reloads=2,
            via="usr2",
            is_ok=True,
            victims=3,
            attempts=4000,
            client_class="naive",
            is_complete=True,
            resets_to_clients=7,
        ),
        not_known=(NotKnown(what=words, line="option tcplog", where="frontend"),),
        quotes=(Quote(source="haproxy.log", offset=99, text=words),),
        plot=plot(),
    )


def harmless(number: int = 1, second: float = 30) -> ExplainedEvent:
    return ExplainedEvent(
        number=number,
        change=Change(kind=ChangeKind.RELOAD, at=moment(second), certainty=Certainty.SHOWN, new_pids=(11,)),
        judgement=Judgement.HARMLESS,
        headline="reload: nobody was hurt",
        since_ns=moment(second - 1).t_ns,
        until_ns=moment(second + 1).t_ns,
        plot=plot(),
    )


def explanation(words: str = "hard stop") -> Explanation:
    bad = harmful(words)
    return Explanation(
        tool_version="1.2.3",
        judgement=Judgement.HARMFUL,
        story=(f"1 event of 2 did harm: {words}.", "And more."),
        first_ns=moment(0).t_ns,
        last_ns=moment(120).t_ns,
        inputs=(InputRead(kind=InputKind.LOG, name=words, size_bytes=2048, items=660, notes=(words,)),),
        totals=TrafficCount(duration_s=120, lines=1200, errors=3),
        events=(harmless(), bad),
        elsewhere=bad.endings[:1],
        causes_elsewhere=(replace(bad.causes[0], code="", victims=0, counting=Counting.NOT_COUNTED),),
        faults=(
            Fault(
                kind=FaultKind.INVALID_RESPONSE,
                what=words,
                first_ns=moment(61).t_ns,
                last_ns=moment(65).t_ns,
                count=12,
                counting=Counting.ESTIMATED,
                frontend="web",
                backend="app",
                server="s1",
                clients=("192.0.2.9",),
                event=2,
                quotes=(Quote(source="errors", offset=58, text=words),),
            ),
        ),
        generations=(
            Generation(
                pid=11,
                host=words,
                started=moment(0),
                stop_asked=moment(60),
                exited=moment(63),
                lines=600,
                frontends=(words,),
            ),
            Generation(pid=22),
        ),
        not_known=(NotKnown(what=f"also {words}"),),
        clocks=(
            ClockOffset(
                name=words, clock=Clock.SYSLOG, offset_ns=2 * 10**6, error_ns=10**6, pairs=40, applied=True
            ),
        ),
        captures=CaptureTotals(
            packets=100,
            connections=5,
            holes=1,
            undirected=2,
            dropped_by_kernel=3,
            skipped=(SkippedPackets(file=words, offset_bytes=1000, size_bytes=24, why=words),),
        ),
        skipped=(Skipped(source=0, reason=SkipReason.TORN, lines=1, size_bytes=12, detail=words),),
        notes=(words,),
    )
