"""Receipts of reloads that never were: for the store, the index and the renderers."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hitless.findings import Evidence
from hitless.reloads import (
    CheckState,
    ClientEffects,
    ConfigurationChange,
    ConfigurationDigest,
    DrainForecast,
    GuardResult,
    ListenerChange,
    ListenerFate,
    Phase,
    PreflightCheck,
    Receipt,
    ReloadedProcess,
    ReloadOutcome,
    ReloadPlan,
    Requester,
    ResetCount,
    RollbackResult,
)

START = datetime(2026, 11, 29, 3, 0, 12, tzinfo=UTC)
MS = 1_000_000
REQUESTER = Requester(
    user="root",
    uid=0,
    pid=900,
    command=("hitless", "reload", "--wait"),
    parent="deploy.sh",
    login_user="alice",
)
CHANGE = ConfigurationChange(
    before=(ConfigurationDigest(path="/etc/haproxy/haproxy.cfg", sha256="1a" * 32, size_bytes=4000),),
    after=(ConfigurationDigest(path="/etc/haproxy/haproxy.cfg", sha256="2b" * 32, size_bytes=4100),),
    lines_added=3,
    lines_removed=1,
    sections=("frontend www (changed)", "backend old (removed)"),
)
CHECKS = (
    PreflightCheck(name="configuration", state=CheckState.PASSED, message="haproxy -c accepts it"),
    PreflightCheck(
        name="generations",
        state=CheckState.WARNED,
        message="2 old workers are alive",
        hint="set hard-stop-after",
        evidence=(Evidence(text="pids 4650, 4711", source="/proc"),),
    ),
    PreflightCheck(
        name="binds",
        state=CheckState.FAILED,
        message="0.0.0.0:80 is held by nginx (pid 77)",
        hint="stop nginx",
    ),
    PreflightCheck(name="peers", state=CheckState.UNKNOWN, message="the stats socket does not answer"),
    PreflightCheck(name="load-time", state=CheckState.FORCED, message="took 40 s the last time"),
)
LISTENERS = (
    ListenerChange(
        endpoint="0.0.0.0:443",
        fate=ListenerFate.INHERITED,
        inodes_before=(123,),
        inodes_after=(123,),
        where="/etc/haproxy/haproxy.cfg:14",
    ),
    ListenerChange(
        endpoint="0.0.0.0:80",
        fate=ListenerFate.OPENED_ANEW,
        inodes_before=(124,),
        inodes_after=(199,),
        where="/etc/haproxy/haproxy.cfg:15",
        why="its namespace is another one",
    ),
)
PHASES = (
    Phase(name="lock", start_ns=0, duration_ns=MS),
    Phase(name="preflight", start_ns=MS, duration_ns=180 * MS, detail="17 checks"),
    Phase(name="trigger", start_ns=181 * MS, duration_ns=20 * MS),
    Phase(name="takeover", start_ns=201 * MS, duration_ns=210 * MS),
)
CLIENTS = ClientEffects(
    source="tracefs",
    window_s=12.5,
    resets=(
        ResetCount(
            reason="TCP_ABORT_ON_CLOSE",
            state="ESTABLISHED",
            meaning="closed with unread data",
            count=3,
            attributable=True,
            examples=("203.0.113.9:4000 -> 10.0.0.1:80 at +0.212",),
        ),
        ResetCount(reason="NO_SOCKET", state="CLOSE", meaning="a late packet", count=7, attributable=False),
    ),
    resets_to_clients=3,
    baseline_resets_per_s=0.4,
    closed_with_unread_data=3,
    queue_drops=0,
    migrated=2,
    migration_failures=0,
    listener_gap_s=0.0,
    haproxy=(("requests", 4711), ("responses 5xx", 0)),
)
DRAIN = (DrainForecast(pid=4711, connections=12, sessions=3, hard_stop_after_s=30.0, longest_s=7200.0),)


def make_receipt(number: int = 0, **fields: Any) -> Receipt:
    """Return a receipt with little in it; `number` moves it on by minutes."""
    given: dict[str, Any] = {
        "id": f"r{number:06}",
        "instance": "haproxy.service",
        "outcome": ReloadOutcome.TAKEN_OVER,
        "reason": f"pid {4790 + number} serves",
        "requester": REQUESTER,
        "started_at": f"{START + timedelta(minutes=number):%Y-%m-%dT%H:%M:%SZ}",
        "started_ns": 1,
        "duration_s": 0.412,
        "tool_version": "0.1.0",
        "mode": "master-worker",
        "mechanism": "master-cli",
        "mechanism_why": "2.7 and later: synchronous",
        "haproxy_version": "2.8.25",
        "new_pid": 4790 + number,
        "old_pids": (4711,),
        **fields,
    }
    return Receipt(**given)


def make_full(number: int = 0, **fields: Any) -> Receipt:
    """Return a receipt with one of each."""
    given: dict[str, Any] = {
        "configuration": CHANGE,
        "checks": CHECKS,
        "forced": ("load-time",),
        "plan": ("take the lock", "reload through the master CLI", "prove the takeover"),
        "phases": PHASES,
        "processes": (
            ReloadedProcess(pid=4700, role="master", version="2.8.25"),
            ReloadedProcess(pid=4711, role="old", version="2.8.24", exited=True),
            ReloadedProcess(pid=4790 + number, role="new", version="2.8.25"),
        ),
        "listeners": LISTENERS,
        "clients": CLIENTS,
        "guard": GuardResult(
            tripped=True,
            reason="the error ratio rose",
            window_s=10.0,
            requests=5000,
            errors=400,
            error_ratio_before=0.001,
            error_ratio_after=0.08,
        ),
        "rollback": RollbackResult(
            why="the guard tripped",
            outcome=ReloadOutcome.TAKEN_OVER,
            new_pid=4800,
            message="the old one serves",
        ),
        "drain": DRAIN,
        "messages": ("[NOTICE]   (4700) : Loading success.",),
        "coalesced_requests": 2,
        "recovered": "a lock that a killed call had left was taken over",
        "notes": ("hard-stop-after was not waited for",),
        **fields,
    }
    return make_receipt(number, **given)


HOSTILE = "a\x1b]0;owned\x07\u202eb<i>`|\n@team \udcff世界"


def make_hostile() -> Receipt:
    """Return a receipt whose every text from outside is hostile."""
    return make_full(
        id=HOSTILE,
        instance=HOSTILE,
        reason=HOSTILE,
        started_at=f"2026-11-29T03:00:12Z{HOSTILE}",
        mode=HOSTILE,
        mechanism=HOSTILE,
        mechanism_why=HOSTILE,
        haproxy_version=HOSTILE,
        recovered=HOSTILE,
        forced=(HOSTILE,),
        plan=(HOSTILE,),
        messages=(HOSTILE,) * 60,
        notes=(HOSTILE,),
        requester=Requester(
            user=HOSTILE, uid=0, pid=1, command=(HOSTILE,), parent=HOSTILE, login_user=HOSTILE
        ),
        configuration=ConfigurationChange(
            before=(ConfigurationDigest(path=HOSTILE, sha256=HOSTILE, size_bytes=1),),
            after=(ConfigurationDigest(path="/x", sha256=HOSTILE, size_bytes=1),),
            lines_added=1,
            sections=(HOSTILE,),
        ),
        checks=tuple(
            PreflightCheck(
                name=HOSTILE,
                state=state,
                message=HOSTILE,
                hint=HOSTILE,
                evidence=(Evidence(text=HOSTILE, source=HOSTILE),),
                required=True,
            )
            for state in CheckState
        ),
        phases=(Phase(name=HOSTILE, start_ns=0, duration_ns=1, detail=HOSTILE),),
        processes=tuple(ReloadedProcess(pid=pid, role=HOSTILE, version=HOSTILE) for pid in range(1, 30)),
        listeners=tuple(
            ListenerChange(endpoint=HOSTILE, fate=fate, inodes_before=(1,), where=HOSTILE, why=HOSTILE)
            for fate in ListenerFate
        )
        * 20,
        clients=ClientEffects(
            source="tracefs",
            why=HOSTILE,
            resets=(
                ResetCount(
                    reason=HOSTILE,
                    state=HOSTILE,
                    meaning=HOSTILE,
                    count=1,
                    attributable=True,
                    examples=(HOSTILE,),
                ),
            ),
            resets_to_clients=1,
            haproxy=((HOSTILE, 1),),
            notes=(HOSTILE,),
        ),
        guard=GuardResult(
            tripped=False,
            reason=HOSTILE,
            window_s=1.0,
            requests=0,
            errors=0,
            error_ratio_before=0.0,
            error_ratio_after=0.0,
            judged=False,
        ),
        rollback=RollbackResult(why=HOSTILE, outcome=ReloadOutcome.ROLLBACK_FAILED, message=HOSTILE),
        drain=(DrainForecast(pid=1),) * 30,
    )


def make_plan(**fields: Any) -> ReloadPlan:
    """Return a plan with one of each."""
    given: dict[str, Any] = {
        "instance": "haproxy.service",
        "mode": "master-worker",
        "mechanism": "master-cli",
        "mechanism_why": "2.7 and later: synchronous",
        "haproxy_version": "2.8.25",
        "configuration": CHANGE,
        "checks": CHECKS,
        "forced": ("load-time",),
        "steps": ("take the lock", "reload through the master CLI", "prove the takeover"),
        "listeners": LISTENERS,
        "drain": DRAIN,
        "notes": ("3 servers were added at run time and would be lost",),
        **fields,
    }
    return ReloadPlan(**given)
