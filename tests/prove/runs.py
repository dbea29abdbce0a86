"""A run of a proof, made up: attempts, events and facts, from which a case is built and judged.

Seconds count from the begin of the load: control from 0 to 5, reloads at 6, 8, … each over after 100 ms, the old
worker gone a second later, the load stopped two seconds after the last reload. Everything is well until a test makes
something go wrong.
"""

from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from hitless.attempts import (
    FLAG_FIN_SEEN,
    FLAG_IDEMPOTENT,
    FLAG_IN_PROGRESS,
    FLAG_RESPONSE_BEGUN,
    FLAG_RETRY,
    FLAG_REUSED,
    NO_ATTEMPT,
    OUTCOME_CODES,
    dtype,
)
from hitless.evidence.haproxy_log import to_event
from hitless.prove.case import Case, KernelEvidence, build_case
from hitless.prove.facts import FrontendFacts, RunFacts
from hitless.prove.judge import judge
from hitless.records import ClientClass, Event, EventKind, Outcome, Stream, Target, Workload
from hitless.verdict import ProofResult

ORIGIN_NS = 4_000_000_000_000
CONTROL_END_S = 5.0
FIRST_RELOAD_S, SPACING_S = 6.0, 2.0
FIRST_PID = 100
CLIENT = "198.18.7.2"

WWW = Target(frontend="www", where="haproxy.cfg:9", address="192.0.2.10", port=80, source_address=CLIENT)
RAW = Target(frontend="raw", where="haproxy.cfg:20", address="192.0.2.10", port=5432, mode="tcp")
CONNECT = Stream(number=0, workload=Workload.CONNECT, target=WWW)
KEEPALIVE = Stream(number=1, workload=Workload.KEEPALIVE, target=WWW)
TCP = Stream(number=2, workload=Workload.TCP, target=RAW)
WEBSOCKET = Stream(number=3, workload=Workload.WEBSOCKET, target=WWW)
H2 = Stream(number=4, workload=Workload.H2, target=WWW)
STREAM = Stream(number=5, workload=Workload.STREAM, target=WWW, duration_s=6.0)

FRESH = frozenset({Workload.CONNECT})


def ns(seconds: float) -> int:
    """Return a moment of the run on the monotonic clock."""
    return ORIGIN_NS + round(seconds * 1e9)


def pids(reload: int) -> tuple[int, int]:
    """Return the old and the new worker of a reload."""
    return FIRST_PID + reload - 1, FIRST_PID + reload


@dataclass
class Run:
    """What was recorded. `facts` are changed with `with_facts`."""

    reloads: int = 2
    streams: tuple[Stream, ...] = (CONNECT, KEEPALIVE)
    period_s: float = 0.05
    rows: list[dict[str, Any]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    kernel: KernelEvidence = field(default_factory=lambda: KernelEvidence(source="tracefs"))
    changed_facts: dict[str, Any] = field(default_factory=dict)
    lost_attempts: int = 0

    def __post_init__(self) -> None:
        """Fill in a good run."""
        for kind, at_s in (
            (EventKind.LOAD_START, -0.5),
            (EventKind.CONTROL_START, 0.0),
            (EventKind.CONTROL_END, CONTROL_END_S),
            (EventKind.LOAD_STOP, self.stop_s),
        ):
            self.event(kind, at_s)
        for number in range(1, self.reloads + 1):
            self.good_reload(number)
        for stream in self.streams:
            self.serve(stream)

    @property
    def stop_s(self) -> float:
        """When the load was stopped."""
        return self.reload_s(max(1, self.reloads)) + 2.0

    def reload_s(self, number: int) -> float:
        """When a reload was triggered."""
        return FIRST_RELOAD_S + (number - 1) * SPACING_S

    def event(self, kind: EventKind, at_s: float, **fields: Any) -> Event:
        """Add an event."""
        self.events.append(Event(t_ns=ns(at_s), kind=kind, **fields))
        return self.events[-1]

    def said(self, at_s: float, line: str) -> Event:
        """Add a line of HAProxy's, as it would be printed or logged."""
        self.events.append(to_event(ns(at_s), line.encode()))
        return self.events[-1]

    def good_reload(self, number: int) -> None:
        """Add a reload that goes as it should."""
        at_s, (old, new) = self.reload_s(number), pids(number)
        for kind, later_s, pid, role in (
            (EventKind.RELOAD_TRIGGER, 0.0, 0, ""),
            (EventKind.PROCESS_START, 0.02, new, "new"),
            (EventKind.LISTENERS_OWNED, 0.05, new, "new"),
            (EventKind.LISTENERS_RELEASED, 0.06, old, "old"),
            (EventKind.FIRST_ACCEPT, 0.07, new, "new"),
            (EventKind.RELOAD_REPLY, 0.09, 0, ""),
            (EventKind.RELOAD_DONE, 0.1, 0, ""),
            (EventKind.PROCESS_EXIT, 1.0, old, "old"),
        ):
            self.event(kind, at_s + later_s, reload=number, pid=pid, state=role)

    def failed_reload(self, number: int, message: str = "cannot bind") -> None:
        """Put a reload that fails in the place of a good one: the old process stays."""
        self.events = [event for event in self.events if event.reload != number]
        self.event(EventKind.RELOAD_TRIGGER, self.reload_s(number), reload=number)
        self.event(EventKind.RELOAD_FAILED, self.reload_s(number) + 0.1, reload=number, text=message)

    def without(self, *kinds: EventKind) -> None:
        """Take events away."""
        self.events = [event for event in self.events if event.kind not in kinds]

    def serve(self, stream: Stream, *, status: int = 200, outcome: Outcome = Outcome.OK) -> None:
        """Add an attempt of a stream every `period_s`, all with the same end."""
        for number in range(round((self.stop_s - 0.1) / self.period_s)):
            self.attempt(stream, number * self.period_s, outcome=outcome, status=status)

    def attempt(
        self,
        stream: Stream,
        start_s: float,
        *,
        took_s: float = 0.002,
        outcome: Outcome = Outcome.OK,
        status: int = 200,
        age_s: float | None = None,
        flags: int = 0,
        **fields: Any,
    ) -> int:
        """Add an attempt and return its row; `age_s` is how long before it its connection was begun."""
        fresh = stream.workload in FRESH
        opened_s = start_s - (age_s if age_s is not None else 0.0 if fresh else 0.5)
        reused = 0 if fresh and age_s is None else FLAG_REUSED
        begun = outcome in {Outcome.OK, Outcome.HTTP_5XX, Outcome.TRUNCATED, Outcome.SLOW} and status
        row: dict[str, Any] = {
            "stream": stream.number,
            "outcome": OUTCOME_CODES[outcome],
            "flags": flags | reused | FLAG_IDEMPOTENT | (FLAG_RESPONSE_BEGUN if begun else 0),
            "status": status if begun or outcome in {Outcome.OK, Outcome.PROTOCOL_ERROR} else 0,
            "local_port": 10_000 + len(self.rows) % 50_000,
            "request_number": 1 if not reused else 5,
            "intended_ns": ns(start_s),
            "start_ns": ns(start_s),
            "opened_ns": ns(opened_s),
            "connected_ns": ns(opened_s + 0.0001) if outcome is not Outcome.REFUSED else 0,
            "first_byte_ns": ns(start_s + took_s / 2) if begun else 0,
            "end_ns": ns(start_s + took_s),
            "retry_of": NO_ATTEMPT,
        }
        row.update(fields)
        self.rows.append(row)
        return len(self.rows) - 1

    def hurt(self, stream: Stream, start_s: float, outcome: Outcome, **words: Any) -> int:
        """Add an attempt that failed, and return its row."""
        return self.attempt(stream, start_s, outcome=outcome, **words)

    def stale(
        self, stream: Stream, start_s: float, *, retried: Outcome | None = Outcome.OK, fin_seen: bool = False
    ) -> int:
        """Add a request on a connection that the server has closed, and its retry on a new one."""
        flags = FLAG_FIN_SEEN if fin_seen else 0
        row = self.hurt(stream, start_s, Outcome.STALE_REUSE, age_s=1.5, flags=flags)
        if retried is not None:
            self.attempt(stream, start_s + 0.003, outcome=retried, age_s=0.0, flags=FLAG_RETRY, retry_of=row)
        return row

    def in_progress(self, stream: Stream, start_s: float) -> int:
        """Add an exchange that the end of the run interrupted unharmed."""
        took_s = self.stop_s + 0.2 - start_s
        return self.attempt(stream, start_s, took_s=took_s, flags=FLAG_IN_PROGRESS)

    def port(self, row: int) -> int:
        """Return the local port of a row."""
        return int(self.rows[row]["local_port"])

    def reset(self, row: int, at_s: float, *, state: str = "CLOSE", reason: str = "TCP_STATE") -> Event:
        """Add the kernel's event of the reset that a row's connection met."""
        target = next(s.target for s in self.all_streams if s.number == self.rows[row]["stream"])
        return self.event(
            EventKind.KERNEL_RESET_SENT,
            at_s,
            local=target.endpoint,
            remote=f"{target.source_address or CLIENT}:{self.port(row)}",
            state=state,
            reason=reason,
        )

    def logged(self, row: int, at_s: float, pid: int, status: int, termination: str = "SC--") -> Event:
        """Add the line that a process logged about a row."""
        line = (
            f"<134>Nov 22 13:50:08 haproxy[{pid}]: {CLIENT}:{self.port(row)} [22/Nov/2026:13:50:08.123] www"
            f' app/s1 0/0/-1/-1/1 {status} 221 - - {termination} 1/1/0/0/0 0/0 "GET /SC HTTP/1.1"'
        )
        return self.said(at_s, line)

    @property
    def all_streams(self) -> tuple[Stream, ...]:
        """Every stream there can be a row of."""
        return (CONNECT, KEEPALIVE, TCP, WEBSOCKET, H2, STREAM)

    def with_facts(self, **changed: Any) -> None:
        """Change facts."""
        self.changed_facts.update(changed)

    @property
    def facts(self) -> RunFacts:
        """What the run knew of itself."""
        targets = {stream.target.frontend: stream.target for stream in self.streams}
        facts = RunFacts(
            haproxy_version="2.8.25",
            haproxy_path="/usr/sbin/haproxy",
            mode="master-worker",
            via="master-cli",
            tier="root",
            streams=self.streams,
            frontends=tuple(
                FrontendFacts(
                    name=name, where=target.where, mode=target.mode, fix_where="haproxy.cfg:4 (defaults)"
                )
                for name, target in targets.items()
            ),
            frontend_count=len(targets),
            covered_count=len(targets),
            reloads_requested=self.reloads,
            endpoints=tuple(target.endpoint for target in targets.values()),
            initially_open=tuple(target.endpoint for target in targets.values()),
            initial_pids=(FIRST_PID,),
        )
        return msgspec.structs.replace(facts, **self.changed_facts)

    def table(self) -> "np.ndarray[Any, np.dtype[np.void]]":
        """Return the rows as the clients' table."""
        table = np.zeros(len(self.rows), dtype())
        for index, row in enumerate(self.rows):
            for name, value in row.items():
                table[name][index] = value
        return table

    def case(self, client_class: ClientClass = ClientClass.NAIVE) -> Case:
        """Return the case to judge."""
        return build_case(
            self.facts, self.events, self.table(), self.kernel, client_class, lost_attempts=self.lost_attempts
        )

    def judge(self, client_class: ClientClass = ClientClass.NAIVE) -> ProofResult:
        """Return the verdict."""
        return judge(self.case(client_class), hitless_version="test")
