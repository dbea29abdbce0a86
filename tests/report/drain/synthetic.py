"""Drains that were never seen, with everything in them."""

from hitless.drains import (
    ClosePlan,
    CloseResult,
    DrainReport,
    DrainView,
    Forecast,
    Generation,
    HardStop,
    ListenerConnections,
    PlannedClose,
    Reason,
    SessionGroup,
    SessionSeen,
    SessionState,
    WhyAlive,
)
from hitless.findings import Evidence

SESSION = SessionSeen(
    id="0x7f",
    source="198.51.100.7:5000",
    frontend="www",
    backend="app",
    server="one",
    state=SessionState.TUNNEL,
    age_s=11_520,
    idle_s=720,
    expires_s=3000,
)
SERVES = Generation(pid=30, number=0, current=True, version="2.8.25", age_s=7200, connections=12)
OLD = Generation(
    pid=20,
    number=1,
    current=False,
    version="2.6.12",
    age_s=90_000,
    reloads=3,
    stopping=True,
    draining_s=7200,
    draining_exact=True,
    process_state="S",
    memory_bytes=25 * 2**20,
    cpu_s=12.5,
    cpu_share=0.02,
    descriptors=1998,
    descriptor_limit=18_042,
    connections=1000,
    tcp_connections=1990,
    sessions=998,
    groups=(
        SessionGroup(
            frontend="www",
            backend="app",
            state=SessionState.TUNNEL,
            count=980,
            kind="WebSocket",
            oldest_s=11_520,
            youngest_s=60,
            idle_longest_s=720,
            idle_shortest_s=2,
            without_timeout=3,
        ),
        SessionGroup(frontend="www", backend="www", state=SessionState.RESPONSE, count=18),
    ),
    oldest=(SESSION,),
    listeners=(
        ListenerConnections(endpoint="192.0.2.1:443", owner="frontend www", count=1000, without_session=2),
    ),
    why=(
        Reason(
            why=WhyAlive.TUNNELS,
            text="980 WebSocket sessions of frontend www: no `timeout tunnel`",
            hint="`timeout tunnel` bounds them",
            evidence=(Evidence(text="980 sessions", source="show sess"),),
        ),
    ),
    forecast=Forecast(
        hard_stop=HardStop(after_s=9000, where="h.cfg:2", assumed=False, basis="unchanged", due_s=1800),
        cut=980,
        requests=18,
        text="in 30m (hard-stop-after 2.5h). It cuts 980 sessions that no timeout ends before",
    ),
    closable=True,
)
CLASSIC = Generation(
    pid=10,
    number=2,
    current=False,
    age_s=100_000,
    draining_s=90_000,
    tcp_connections=7,
    why_not_closable="a classic process has no CLI",
    why=(Reason(why=WhyAlive.NOT_ASKED, text="its sessions are not known"),),
    listeners=(ListenerConnections(endpoint="192.0.2.1:443", owner="frontend www", count=4),),
)
PLAN = ClosePlan(
    sessions=998,
    over_s=300,
    interval_s=0.3006,
    order="oldest",
    by_generation=((20, 998),),
    by_frontend=(("www", 990), ("db", 8)),
    first=(PlannedClose(at_s=0.15, pid=20, session=SESSION),),
    last_at_s=299.85,
)
RESULT = CloseResult(
    sessions=998,
    over_s=60,
    order="oldest",
    closed=990,
    gone=8,
    appeared=1,
    failed=2,
    left=3,
    duration_s=60.1,
    per_slice=(16, 17, 3),
    late_median_s=0.002,
    late_worst_s=0.05,
    ended=(20,),
    problems=("process 20 is odd",),
)


def view(*generations: Generation, **fields: object) -> DrainView:
    return DrainView(
        instance="haproxy.service",
        mode="master-worker",
        version="2.8.25",
        taken_at="2026-11-29T02:47:16Z",
        generations=generations,
        **fields,  # type: ignore[arg-type]
    )


def report(*generations: Generation, **fields: object) -> DrainReport:
    return DrainReport(tool_version="0", view=view(*generations), **fields)  # type: ignore[arg-type]
