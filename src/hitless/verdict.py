"""The verdict of a proof: what `hitless prove --format json` prints and every renderer draws.

Keys that stand in docs/json-schema/prove-1.json are kept within schema 1: new keys may come, none goes or
changes its meaning. Unlike other records, every key is always written, also when it is empty or null.

Units: `t_s` and other `*_s` are seconds since `ProofResult.origin_ns`, unless the field says otherwise.
"""

from enum import StrEnum

import msgspec

from hitless.records import ClientClass, Outcome, StandIn, Workload

__all__ = [
    "SCHEMA",
    "CauseFound",
    "ClientTotals",
    "Conclusion",
    "Control",
    "Coverage",
    "Generation",
    "HAProxyUsed",
    "Kernel",
    "Latency",
    "ListenerGap",
    "NotCovered",
    "Phase",
    "Power",
    "ProofResult",
    "Reload",
    "ReloadPhase",
    "Totals",
    "Verdict",
    "VictimDetail",
    "WorkloadResult",
]

SCHEMA = 1


class VerdictRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the verdict: all keys are written, so that a reader never has to guess a default."""


class Conclusion(StrEnum):
    """What the proof says in the end; see `ProofResult.conclusion`."""

    HITLESS = "hitless"
    NOT_HITLESS = "not-hitless"
    NO_VERDICT = "no-verdict"


class Phase(StrEnum):
    """The moments of one reload, in the order in which a graceful one shows them."""

    TRIGGERED = "triggered"
    NEW_PROCESS_STARTED = "new-process-started"
    LISTENERS_OWNED = "listeners-owned"
    """The new process holds every expected listening socket."""
    OLD_STOPPED_LISTENING = "old-stopped-listening"
    FIRST_ANSWER = "first-answer"
    """The first answer that the new process gave to a client."""
    CONFIRMED = "confirmed"
    """The mechanism's own reply: the master CLI's, or the end of the command."""
    OLD_GONE = "old-gone"


class HAProxyUsed(VerdictRecord, frozen=True, kw_only=True):
    """The HAProxy that was reloaded."""

    version: str
    path: str


class Verdict(VerdictRecord, frozen=True, kw_only=True, rename={"client_class": "class"}):
    """The answer. `passed` is true only if nothing was hurt *and* the evidence is complete."""

    passed: bool
    client_class: ClientClass = ClientClass.NAIVE
    """Which of the three client classes must lose nothing."""
    evidence_complete: bool
    reloads: int
    """Reloads triggered, failed ones included."""
    failed_reloads: int = 0
    """Reloads after which no new process had taken over."""
    reasons: tuple[str, ...] = ()
    """Why it did not pass, most important first, each a short sentence; empty when it passed."""


class Totals(VerdictRecord, frozen=True, kw_only=True):
    """Attempts under reload (the control run is not in it) and those of them that a reload hurt."""

    attempts: int = 0
    failed: int = 0


class ClientTotals(VerdictRecord, frozen=True, kw_only=True):
    """The three truths of one run (docs/client-classes.md)."""

    naive: Totals = Totals()
    polite: Totals = Totals()
    retrying: Totals = Totals()

    def of(self, client_class: ClientClass) -> Totals:
        """Return the totals of one class."""
        return {
            ClientClass.NAIVE: self.naive,
            ClientClass.POLITE: self.polite,
            ClientClass.RETRYING: self.retrying,
        }[client_class]


class Latency(VerdictRecord, frozen=True, kw_only=True):
    """From the intended start to the end of an attempt that was answered, in milliseconds.

    `count` is how many attempts the percentiles stand on.
    """

    count: int
    p50: float
    p99: float
    max: float


class Control(VerdictRecord, frozen=True, kw_only=True):
    """The same load without a reload: what is normal for this frontend."""

    attempts: int = 0
    outcomes: dict[Outcome, int] = msgspec.field(default_factory=dict)
    statuses: dict[str, int] = msgspec.field(default_factory=dict)
    """Attempts by HTTP status ("200"); without those that got no status."""
    latency_ms: Latency | None = None


class WorkloadResult(VerdictRecord, frozen=True, kw_only=True):
    """One workload against one address of one frontend."""

    name: Workload
    frontend: str
    address: str
    """As `Target.endpoint` writes it."""
    where: str = ""
    """FILE:LINE of the bind."""
    stream: int = 0
    """`Stream.number`: what the attempts of this row refer to."""
    attempts: int
    """Under reload, naive; retries are not counted."""
    failed: int
    """Attempts that a reload hurt, in the class of the verdict."""
    outcomes: dict[Outcome, int] = msgspec.field(default_factory=dict)
    """Naive attempts under reload by outcome: what came, whether or not it is normal here."""
    statuses: dict[str, int] = msgspec.field(default_factory=dict)
    latency_ms: Latency | None = None
    clients: ClientTotals = ClientTotals()
    control: Control = Control()
    incomplete: str = ""
    """Why this row proves nothing (no answer in the control run, too few attempts, …); "" when it does."""


class CauseFound(VerdictRecord, frozen=True, kw_only=True):
    """A cause with the victims it explains, most victims first."""

    code: str
    """A code of `hitless.causes`, or "unexplained"."""
    name: str
    victims: int
    """Attempts hurt, in the class of the verdict."""
    fix: str
    summary: str = ""
    """What a client saw of it, in half a line."""
    why: str = ""
    fix_where: str = ""
    """Where the fix belongs, e.g. "haproxy.cfg:14 (defaults)"; "" when it is not in the configuration."""
    workloads: tuple[Workload, ...] = ()
    frontends: tuple[str, ...] = ()
    outcomes: dict[Outcome, int] = msgspec.field(default_factory=dict)
    evidence: tuple[str, ...] = ()
    """What was observed and led to this cause, each a short sentence with its numbers."""


class ListenerGap(VerdictRecord, frozen=True, kw_only=True):
    """A time in which no listening socket was open for an address.

    Units: `gap_us` microseconds, `t_s` its begin. `reload` is 0 if no reload was under way.
    """

    address: str
    gap_us: float
    t_s: float = 0.0
    reload: int = 0


class Kernel(VerdictRecord, frozen=True, kw_only=True):
    """What the kernel itself reported."""

    source: str
    """"tracefs", "counters" (per namespace: no directions, no gaps) or "none"."""
    resets_to_clients: int | None
    """RST segments sent to clients under reload; null where nothing could count them."""
    resets_matched: int | None = None
    """Those of them that belong to a victim."""
    listener_gaps: tuple[ListenerGap, ...] = ()
    listeners_watched: bool = False
    """False: gaps could not be seen, so their absence says nothing."""
    lost_events: int = 0
    missing: tuple[str, ...] = ()
    """Evidence this kernel or these rights do not give, e.g. "tcp:tcp_send_reset"."""
    why: str = ""
    """Why the source is not tracefs."""


class Power(VerdictRecord, frozen=True, kw_only=True):
    """How much could have gone unseen. Null: the run cannot bound it."""

    max_unseen_gap_us: float | None
    """The longest time in which no client tried an address while a reload was under way, in microseconds."""
    failure_probability_upper_95: float | None
    """Upper end of the one-sided 95 % interval (Clopper-Pearson) of an attempt's probability to be hurt."""


class NotCovered(VerdictRecord, frozen=True, kw_only=True):
    """A bind or frontend that no client went through."""

    where: str
    why: str
    frontend: str = ""


class Coverage(VerdictRecord, frozen=True, kw_only=True):
    """Which part of the configuration the proof is about."""

    frontends: int
    covered: int
    not_covered: tuple[NotCovered, ...] = ()
    stand_ins: tuple[StandIn, ...] = ()


class ReloadPhase(VerdictRecord, frozen=True, kw_only=True):
    """A moment of a reload, in milliseconds after its trigger."""

    name: Phase
    t_ms: float


class Reload(VerdictRecord, frozen=True, kw_only=True):
    """One reload and how it went."""

    number: int
    """From 1."""
    t_s: float
    via: str
    ok: bool
    """The new process has taken over, proven by its listening inodes."""
    message: str = ""
    """What HAProxy said, where it matters."""
    old_pid: int = 0
    new_pid: int = 0
    phases: tuple[ReloadPhase, ...] = ()
    """Only those that were observed."""
    victims: int = 0


class Generation(VerdictRecord, frozen=True, kw_only=True):
    """The life of one worker (or classic process). Null: not seen within the run."""

    pid: int
    start_s: float | None = None
    ready_s: float | None = None
    stopped_listening_s: float | None = None
    exit_s: float | None = None
    exit_code: int | None = None
    """As waitpid gives it: negative is a signal."""


class VictimDetail(VerdictRecord, frozen=True, kw_only=True):
    """One attempt that a reload hurt, with its evidence."""

    t_s: float
    """When it ended."""
    workload: Workload
    frontend: str
    address: str = ""
    outcome: Outcome
    status: int = 0
    """HTTP status; 0: none came."""
    local_port: int = 0
    connection_age_s: float = 0.0
    """Age of the connection when the request was sent."""
    request_number: int = 0
    """Which request on its connection, from 1."""
    duration_ms: float = 0.0
    """From the intended start to the end."""
    first_byte_ms: float | None = None
    """From the intended start to the first byte of the answer."""
    received_bytes: int = 0
    errno: int = 0
    cause: str
    """A code of `hitless.causes`, or "unexplained"."""
    reload: int = 0
    """Under which reload; 0: between reloads."""
    phase: str = ""
    """The last phase of that reload before it ended."""
    retried: str = ""
    """How a retrying client fared: an outcome, or "" if such a client may not repeat it."""
    kernel: str = ""
    """The kernel's event, in one line."""
    log: tuple[str, ...] = ()
    """HAProxy's log lines for this client address, as they came."""


class ProofResult(VerdictRecord, frozen=True, kw_only=True):
    """Everything a proof found. Document: docs/json-schema/prove-1.json."""

    schema: int = SCHEMA
    hitless: str
    """Version of hitless."""
    haproxy: HAProxyUsed
    mode: str
    """"master-worker" or "classic"."""
    via: str
    """How it was reloaded: "master-cli", "usr2", "hup", "sf", "sf-x", "restart" or "command"."""
    verdict: Verdict
    clients: ClientTotals
    workloads: tuple[WorkloadResult, ...] = ()
    causes: tuple[CauseFound, ...] = ()
    kernel: Kernel
    power: Power
    coverage: Coverage
    reloads: tuple[Reload, ...] = ()
    generations: tuple[Generation, ...] = ()
    victims_sample: tuple[VictimDetail, ...] = ()
    """Victims in the class of the verdict, in order of time; a bounded number, the rest is only counted."""
    notes: tuple[str, ...] = ()
    """What a person must know to read the verdict right, each a short sentence."""
    limitations: tuple[str, ...] = ()
    """What this machine or these rights did not allow, each a short sentence."""
    tier: str = ""
    """Where it ran: "root", "user", "loopback" or "live"."""
    configuration: tuple[str, ...] = ()
    """The configuration files as they were given."""
    started_at: str = ""
    """RFC 3339, UTC."""
    duration_s: float = 0.0
    origin_ns: int = 0
    """CLOCK_MONOTONIC at second 0 of this document, in nanoseconds: the clock of attempts and events."""
    origin_realtime_ns: int = 0
    """CLOCK_REALTIME at that moment, in nanoseconds since 1970; 0: not known."""
    control_end_s: float = 0.0
    """When the control run had ended and the reloads could begin."""

    @property
    def judged(self) -> Totals:
        """The totals of the client class that the verdict is about."""
        return self.clients.of(self.verdict.client_class)

    @property
    def conclusion(self) -> Conclusion:
        """What to say in one word.

        Harm and failed reloads that were seen count with incomplete evidence too; their absence only with complete
        evidence.
        """
        if self.judged.failed or self.verdict.failed_reloads:
            return Conclusion.NOT_HITLESS
        if not self.verdict.evidence_complete:
            return Conclusion.NO_VERDICT
        return Conclusion.HITLESS if self.verdict.passed else Conclusion.NOT_HITLESS
