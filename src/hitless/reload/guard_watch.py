"""Watch the traffic of the new process after a takeover, and say at once when it is worse than before."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

import msgspec

from hitless.clock import now_ns
from hitless.control.errors import CouldNotAsk, NotUnderstood, WasRefused
from hitless.control.runtime_api import MasterCli, RuntimeApi
from hitless.control.stats import ask_stats, ask_worker_stats
from hitless.errors import ControlError
from hitless.host.processes import PROC, Denied, Gone, read_start_ticks
from hitless.reload.guard import GuardBounds, judge_guard
from hitless.reload.traffic import Harm, TrafficSample, empty_sample, sample_traffic
from hitless.reloads import GuardResult
from hitless.units import NANOSECONDS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from hitless.control.stats import ProxyCounters

__all__ = ["TICK_S", "TrafficGuard"]

TICK_S = 0.25
_ASK_TIMEOUT_S = 2.0
_REST_SHARE, _LONGEST_REST_S = 19.0, 1.0
"""Asking and judging take a twentieth of the time: with a thousand proxies an answer is half a megabyte."""
_SAMPLES = 64
_STALE_S = 1.0
"""How old the last figures may be at the end of the watch."""


class TrafficGuard:
    """Compares what the new process does to clients with what the old one did.

    `master_address` is the master's CLI, "" in classic mode; `stats_addresses` are stats sockets, asked where the
    master is not there or does not answer. `frontends` are those that matter, none: all. `resets` says how many resets
    were sent to clients so far, None where nobody can know (`ClientWatch.resets_seen`).
    """

    def __init__(
        self,
        old_pid: int,
        *,
        master_address: str = "",
        stats_addresses: Collection[str] = (),
        bounds: GuardBounds | None = None,
        frontends: Collection[str] = (),
        resets: Callable[[], int | None] = lambda: None,
        proc: Path = PROC,
    ) -> None:
        self._old_pid = old_pid
        self._master_address = master_address
        self._stats_addresses = tuple(stats_addresses)
        self._bounds = bounds or GuardBounds()
        self._frontends = frozenset(frontends)
        self._resets = resets
        self._proc = proc
        self._before: list[TrafficSample] = []
        self._last: TrafficSample | None = None
        self._why = "the old process was not asked before the trigger"

    def take_baseline(self) -> bool:
        """Take the old process's counters; return whether they could be read.

        To be called before the trigger: once gives its whole life, a second time, at least a second later, also the
        time in between. Of more calls the first and the last count.
        """
        try:
            self._before.append(self._sample(self._old_pid))
        except ControlError as error:
            self._why = error.message
            return False
        del self._before[1:-1]
        return True

    def watch(self, new_pid: int, duration_s: float, *, tick_s: float = TICK_S) -> GuardResult:
        """Watch the new process from its takeover on, until the time is over or it trips."""
        if not self._before:
            return _not_judged(0.0, f"the traffic before is not known: {self._why}")
        start_ns = now_ns()
        base, recent = empty_sample(start_ns, resets=self._resets()), deque[TrafficSample](maxlen=_SAMPLES)
        born = self._born(new_pid)
        result, why, number = judge_guard(self._before, [base], self._bounds), "no figures yet", 0
        while True:
            began_s = time.monotonic()
            left_s = duration_s - (now_ns() - start_ns) / NANOSECONDS_PER_SECOND
            try:
                number += 1
                sample = self._sample(new_pid, number)
                _require_whole(sample, recent)
            except ControlError as error:
                why = error.message
            else:
                recent.append(sample)
                result = judge_guard(self._before, [base, *recent], self._bounds)
            if result.tripped:
                break
            if born is None or self._born(new_pid) != born:
                result = _died(result, new_pid, (now_ns() - start_ns) / NANOSECONDS_PER_SECOND)
                break
            if left_s <= 0:
                break
            # Nothing to await: HAProxy tells nobody when its counters move.
            rest_s = min(_LONGEST_REST_S, _REST_SHARE * (time.monotonic() - began_s))
            time.sleep(min(left_s, max(tick_s, rest_s)))
        self._last = recent[-1] if recent else None
        return result if result.tripped else _checked(result, self._last, start_ns, why)

    def counters(self) -> tuple[tuple[str, int], ...]:
        """Return what both processes have counted since the trigger, for a receipt; () where it is not known."""
        if not self._before or self._last is None:
            return ()
        totals = dict(self._last.totals)
        try:
            old, then = dict(self._sample(self._old_pid).totals), dict(self._before[-1].totals)
        except (
            ControlError
        ):  # it has ended, or no master can reach it: what it did after the trigger is not known
            return tuple(totals.items())
        return tuple((name, count + max(0, old[name] - then[name])) for name, count in totals.items())

    def _sample(self, pid: int, number: int = 0) -> TrafficSample:
        """Raises: ControlError with what each way of asking said."""
        rows = self._ask(pid)
        if not rows:
            raise NotUnderstood("`show stat` names no proxy", raw="")
        return sample_traffic(rows, now_ns(), number=number, resets=self._resets(), frontends=self._frontends)

    def _ask(self, pid: int) -> tuple[ProxyCounters, ...]:
        said = []
        if self._master_address:
            try:
                return ask_worker_stats(MasterCli(self._master_address), pid, timeout_s=_ASK_TIMEOUT_S)
            except (CouldNotAsk, WasRefused, NotUnderstood) as error:
                said.append(error.message)
        for address in self._stats_addresses:
            try:
                return _ask_directly(RuntimeApi(address), pid)
            except (CouldNotAsk, WasRefused, NotUnderstood) as error:
                said.append(error.message)
        raise CouldNotAsk("; ".join(said) or "there is neither a master CLI nor a stats socket")

    def _born(self, pid: int) -> int | None:
        """Return when the process was started, None if it has ended; 0 where we may not look."""
        try:
            return read_start_ticks(pid, self._proc)
        except Gone:
            return None
        except Denied:
            return 0


def _ask_directly(api: RuntimeApi, pid: int) -> tuple[ProxyCounters, ...]:
    """Ask the process behind a stats socket, if it is this one: around a reload it can be the other."""
    answering = api.ask_info(timeout_s=_ASK_TIMEOUT_S).pid
    if answering != pid:
        raise CouldNotAsk(f"process {answering} answers on the stats socket, not {pid}")
    return ask_stats(api, timeout_s=_ASK_TIMEOUT_S)


def _require_whole(sample: TrafficSample, earlier: Sequence[TrafficSample]) -> None:
    """Raises: NotUnderstood if proxies have vanished since: the answer was cut between two lines."""
    had = {lane for lane in earlier[-1].lanes if lane.harm is not Harm.RESET} if earlier else set()
    missing = had - sample.lanes.keys()
    if missing:
        raise NotUnderstood(f"`show stat` lacks {len(missing)} figures that it had before", raw="")


def _not_judged(window_s: float, reason: str) -> GuardResult:
    return GuardResult(
        tripped=False,
        reason=reason,
        window_s=window_s,
        requests=0,
        errors=0,
        error_ratio_before=0.0,
        error_ratio_after=0.0,
        judged=False,
    )


def _died(result: GuardResult, pid: int, window_s: float) -> GuardResult:
    reason = f"the new process {pid} has ended {window_s:.1f} s after it was watched first"
    return msgspec.structs.replace(result, tripped=True, reason=reason, window_s=window_s)


def _checked(result: GuardResult, last: TrafficSample | None, start_ns: int, why: str) -> GuardResult:
    """Return the result, unless the figures that it rests on end too early."""
    window_s = (now_ns() - start_ns) / NANOSECONDS_PER_SECOND
    if last is None:
        return _not_judged(window_s, f"the traffic of the new process could not be read: {why}")
    age_s = (now_ns() - last.t_ns) / NANOSECONDS_PER_SECOND
    if age_s > _STALE_S:
        reason = f"the traffic could not be read for the last {age_s:.1f} s: {why}"
        return msgspec.structs.replace(result, judged=False, reason=reason)
    return result
