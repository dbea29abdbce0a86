"""What happens to one connection although its process lives: queued, idle, not yet spoken, on its way. Pure."""

from collections.abc import Sequence
from errno import ECONNRESET, EPIPE

from hitless.prove.timeline import NEAR_NS, ReloadPhases
from hitless.prove.why.moment import (
    Attribution,
    Moment,
    Victim,
    after,
    closes_idle,
    is_soft_stopped,
    met_old_process,
    seconds_between,
)
from hitless.records import Event, EventKind, Outcome, Workload
from hitless.reload.mechanism import Via
from hitless.units import NANOSECONDS_PER_MILLISECOND, NANOSECONDS_PER_SECOND

__all__ = ["accept_queue", "goaway", "idle_close", "overflow", "unspoken"]

_TOO_CLOSE_NS = 2 * NANOSECONDS_PER_SECOND
"""A worker may take so long until it answers for its sockets. Source: HAProxy 3.4 src/haproxy.c (READY's ack)."""

_SYN_SENT_AGAIN_NS = 900 * NANOSECONDS_PER_MILLISECOND
"""The kernel sends a SYN again after a second. Source: Linux v6.18 include/net/tcp.h TCP_TIMEOUT_INIT."""

_NOT_QUEUED = ("ABORT_ON_CLOSE", "ABORT_ON_DATA", "NO_SOCKET")
"""Parts of the kernel's reasons for a reset that no accept queue gives: the connection had been accepted, or never was.

Source: Linux v6.18 include/net/rstreason.h; a queue that is emptied gives TCP_STATE.
"""

_DROPS = ("TcpExt.ListenOverflows", "TcpExt.ListenDrops", "TcpExt.TCPReqQFullDrop")


def accept_queue(victim: Victim, reload: ReloadPhases, moment: Moment) -> Attribution | None:
    """HL104, HL502, HL507, HL601: a listening socket was closed with connections in its accept queue."""
    resets = _kernel_resets(victim)
    if not _may_have_queued(victim, reload, resets):
        return None
    seen = tuple(
        f"the kernel reset it: state {event.state or 'unknown'}, reason {event.reason or 'not given'}"
        for event in resets[:1]
    )
    if moment.via == Via.SF:
        return Attribution("HL104", (*seen, "the reload handed no socket over (-sf without -x)"))
    not_handed_over = _transfer_failure(reload, moment)
    if not_handed_over:
        code = "HL601" if _follows_closely(reload, moment) else "HL502"
        return Attribution(code, (*seen, f"HAProxy said: {not_handed_over}"))
    return _by_new_sockets(victim, seen, moment) if seen else None


def _by_new_sockets(victim: Victim, seen: tuple[str, ...], moment: Moment) -> Attribution:
    """Return what the new listening sockets tell of a queue that the kernel reset, where HAProxy has said nothing."""
    if _is_opened_anew(victim, moment):
        return Attribution(
            "HL507", (*seen, f"{victim.stream.target.endpoint} was opened anew, not handed over")
        )
    if moment.nothing_handed_over:
        return Attribution("HL104", (*seen, "every listening socket was opened anew, none was handed over"))
    return Attribution("HL502", seen)


def _is_opened_anew(victim: Victim, moment: Moment) -> bool:
    """Whether a reload opened a new socket for one IPv6 address: from 2.3 on HAProxy does so without `v6only`.

    Source: Linux v6.18 net/ipv6/af_inet6.c __inet6_bind() sets sk_ipv6only; HAProxy 2.8 src/sock.c
    sock_find_compatible_fd() compares it with the bind's own option. Tried: 2.6, 2.8, 3.0, 3.2 (2.2 is free of it).
    """
    target = victim.stream.target
    return ":" in target.address and target.endpoint in moment.opened_anew


def _may_have_queued(victim: Victim, reload: ReloadPhases, resets: Sequence[Event]) -> bool:
    if victim.reused or not _was_reset(victim) or victim.opened_ns > reload.settled_ns + NEAR_NS:
        return False
    return not any(part in event.reason for event in resets for part in _NOT_QUEUED)


def _was_reset(victim: Victim) -> bool:
    if victim.outcome is Outcome.TLS_FAILED:
        return victim.errno in {ECONNRESET, EPIPE}
    return victim.outcome in {Outcome.CONNECT_RESET, Outcome.RESET_BEFORE_RESPONSE}


def _kernel_resets(victim: Victim) -> list[Event]:
    kinds = {EventKind.KERNEL_RESET_SENT, EventKind.KERNEL_RESET_RECEIVED}
    return [event for event in victim.events if event.kind in kinds]


def _transfer_failure(reload: ReloadPhases, moment: Moment) -> str:
    until_ns = reload.settled_ns + NEAR_NS
    said = (text for t_ns, text in moment.timeline.transfer_failures if reload.trigger_ns <= t_ns <= until_ns)
    return next(said, "")


def _follows_closely(reload: ReloadPhases, moment: Moment) -> bool:
    return any(0 < reload.trigger_ns - r.trigger_ns < _TOO_CLOSE_NS for r in moment.timeline.reloads)


def goaway(victim: Victim, reload: ReloadPhases, _moment: Moment) -> Attribution | None:
    """HL504: the old process said GOAWAY, or closed, under an HTTP/2 request on its way."""
    if not met_old_process(victim, reload):
        return None
    if victim.outcome is Outcome.GOAWAY_LOST:
        return Attribution("HL504", (f"GOAWAY below this stream {after(reload, victim.end_ns)}",))
    if victim.outcome is Outcome.STALE_REUSE and victim.stream.workload is Workload.H2:
        return Attribution("HL504", (f"closed under a request {after(reload, victim.end_ns)}",))
    return None


def idle_close(victim: Victim, reload: ReloadPhases, moment: Moment) -> Attribution | None:
    """HL501: a kept-alive connection of the old process was closed before the client's next request came."""
    if victim.outcome is not Outcome.STALE_REUSE or victim.stream.workload is Workload.H2:
        return None
    if not met_old_process(victim, reload) or not closes_idle(victim, moment):
        return None
    age = seconds_between(victim.opened_ns, victim.start_ns)
    return Attribution("HL501", (f"reused {after(reload, victim.start_ns)}, opened {age} before",))


def unspoken(victim: Victim, reload: ReloadPhases, moment: Moment) -> Attribution | None:
    """HL506: the old process closed a connection on which it had not read a request yet."""
    closed = victim.outcome is Outcome.EMPTY_REPLY or _was_reset(victim)
    if victim.reused or not closed or not met_old_process(victim, reload):
        return None
    if not closes_idle(victim, moment) or victim.end_ns < reload.trigger_ns:
        return None
    resets = _kernel_resets(victim)
    if victim.outcome is Outcome.EMPTY_REPLY:
        return Attribution("HL506", (f"closed in order, without an answer, {after(reload, victim.end_ns)}",))
    if any("ABORT_ON" in event.reason for event in resets):
        return Attribution("HL506", (f"the process closed it: {resets[0].reason}",))
    return None


def overflow(victim: Victim, reload: ReloadPhases, moment: Moment) -> Attribution | None:
    """HL505: the kernel dropped a new connection because the queue of the listener was full."""
    if victim.outcome not in {Outcome.SLOW, Outcome.CONNECT_TIMEOUT} or victim.reused:
        return None
    took_ns = (victim.connected_ns or victim.end_ns) - victim.opened_ns
    drops = [f"{name} +{moment.counters[name]}" for name in _DROPS if moment.counters.get(name, 0) > 0]
    if took_ns < _SYN_SENT_AGAIN_NS or not drops or not is_soft_stopped(reload):
        return None
    took = seconds_between(victim.opened_ns, victim.opened_ns + took_ns)
    return Attribution("HL505", (f"connecting took {took}", f"under reload the kernel counted {drops[0]}"))
