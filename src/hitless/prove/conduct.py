"""Conduct one run: load, control period, the reloads one after the other, settling. Everything else is prepared before.

Nothing here knows whether the proxy runs in a sandbox or live: it is asked to reload, and watched.
"""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Protocol

from hitless.clock import now_ns
from hitless.errors import ReloadError
from hitless.evidence.counters import read_counters
from hitless.evidence.haproxy_messages import MessageKind
from hitless.evidence.model import CounterReading
from hitless.host.processes import format_ending
from hitless.prove.channel import Channel
from hitless.prove.protocol import Progress, Tick
from hitless.records import Event, EventKind
from hitless.reload.instance import Reply
from hitless.reload.observe import Observer
from hitless.reload.phases import PhaseTracker

__all__ = ["Load", "Pace", "Proxy", "alerts", "conduct"]

TAKEOVER_DEADLINE_S = 20.0
READY_DEADLINE_S = 20.0
TICK_S = 0.5
FURTHER_SPACING_S = 0.15
ALERTS_SHOWN = 3


class Proxy(Protocol):
    """What is reloaded. `messages_since` returns what it printed, as far as that can be seen."""

    def trigger(self) -> Reply:
        """Reload it once."""

    def serving_pids(self) -> frozenset[int]:
        """Return the processes that carry its traffic."""

    def taken_over(self, pid: int) -> None:
        """Take notice that this new process owns the listening sockets now."""

    def exit_status(self) -> int | None:
        """Return a status once it is gone for good."""

    def messages_since(self, t_ns: int) -> list[Event]:
        """Return what it printed at or after this moment."""


class Load(Protocol):
    """The clients (`hitless.load.runner.LoadProcesses`)."""

    def start(self) -> None:
        """Start the processes."""

    def wait_ready(self, timeout_s: float) -> None:
        """Wait until the clients are connected."""

    @property
    def process_fds(self) -> tuple[int, ...]:
        """A pidfd of each process."""

    def check(self) -> None:
        """Raise LoadError if a process has ended by itself."""

    def counters(self) -> tuple[int, int]:
        """Return attempts and failures so far."""

    def stop(self) -> None:
        """End the load and bring the tables to disk."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How the run is timed. Seconds."""

    reloads: int
    control_s: float
    spacing_s: float
    settle_s: float
    further_reloads: int = 0
    """Where harm is a matter of chance: so many more in close succession, until a client has failed."""


@dataclass(slots=True)
class _Run:
    proxy: Proxy
    observer: Observer
    channel: Channel
    pace: Pace
    executor: ThreadPoolExecutor
    """One thread for all triggers, as long as the run: what a thread has started dies with it (PR_SET_PDEATHSIG)."""

    def mark(self, kind: EventKind, *, reload: int = 0, text: str = "", number: int = 0) -> int:
        t_ns = now_ns()
        self.channel.emit(Event(t_ns=t_ns, kind=kind, reload=reload, text=text, number=number))
        return t_ns


def conduct(
    proxy: Proxy,
    load: Load,
    observer: Observer,
    channel: Channel,
    pace: Pace,
) -> list[CounterReading]:
    """Run it; return the kernel's counters at each turn.

    Raises: Interrupted if hitless wants to stop; LoadError if the clients cannot run; ReloadError if HAProxy ends
    before any reload; SandboxError if the simulated servers end.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="trigger") as executor:
        run = _Run(proxy, observer, channel, pace, executor)
        channel.say(Progress(stage="load", detail="clients are connecting"))
        run.mark(EventKind.LOAD_START)
        load.start()
        load.wait_ready(READY_DEADLINE_S)
        ticker = _Ticker(load, channel)
        try:
            with channel.watching(load.process_fds, load.check):
                counters = _under_load(run, load)
        finally:
            ticker.stop()
        load.stop()
        return [*counters, _read("load stop")]


def _under_load(run: _Run, load: Load) -> list[CounterReading]:
    """Let the load run: the control period, the reloads, settling."""
    pace, channel = run.pace, run.channel
    run.mark(EventKind.CONTROL_START)
    counters = [_read("control start")]
    channel.say(Progress(stage="control", detail=f"{pace.control_s:g} s of the same load without a reload"))
    channel.wait(pace.control_s)
    if status := _gone(run):
        raise ReloadError(f"{status} in the control run, before any reload.")
    run.mark(EventKind.CONTROL_END)
    counters.append(_read("control end"))
    failed_before = load.counters()[1]
    for number in range(1, pace.reloads + pace.further_reloads + 1):
        if number > pace.reloads and load.counters()[1] > failed_before:
            break
        channel.say(Progress(stage="reload", step=number, steps=max(number, pace.reloads)))
        done = _reload_once(run, number, pace.spacing_s if number <= pace.reloads else FURTHER_SPACING_S)
        counters.append(_read(f"reload {number}"))
        if status := _gone(run):
            if done:
                run.mark(EventKind.RELOAD_FAILED, reload=number, text=status)
            break
    channel.say(Progress(stage="settle", detail=f"{pace.settle_s:g} s for what comes late"))
    _watch_late_exits(run, pace.reloads, pace.settle_s)
    run.mark(EventKind.LOAD_STOP)
    return counters


def _gone(run: _Run) -> str:
    """Return how HAProxy has ended; "" while it lives."""
    status = run.proxy.exit_status()
    return "" if status is None else f"HAProxy {format_ending(status)}"


def _read(label: str) -> CounterReading:
    return CounterReading(t_ns=now_ns(), label=label, values=read_counters())


def _reload_once(run: _Run, number: int, spacing_s: float) -> bool:
    """Trigger one reload, follow it until it has taken over, failed, or run out of time; return whether it has."""
    old_pids = run.proxy.serving_pids()
    tracker = PhaseTracker(number, old_pids, run.observer.after_reload, run.observer.endpoint_of)
    trigger_ns = run.mark(EventKind.RELOAD_TRIGGER, reload=number)
    trigger = _Trigger(run, number)
    failure = ""
    blind = not run.observer.after_reload  # no TCP listener that could be watched from here

    def settled(state: PhaseTracker) -> bool:
        nonlocal failure
        run.channel.check()
        failure = _failure(run, state, trigger, trigger_ns)
        return bool(failure) or ((blind or state.taken_over) and trigger.done)

    in_time = run.observer.follow(tracker, run.channel.emit, until=settled, deadline_s=TAKEOVER_DEADLINE_S)
    if not failure and not in_time:
        failure = _what_is_missing(tracker)
    if failure:
        run.mark(EventKind.RELOAD_FAILED, reload=number, text=failure)
    else:
        run.mark(EventKind.RELOAD_DONE, reload=number)
        run.proxy.taken_over(tracker.new_pid)
    _follow_quietly(run, tracker, spacing_s)
    trigger.wait(TAKEOVER_DEADLINE_S)
    return not failure


class _Trigger:
    """One trigger, fired in a thread: the master CLI answers only when the reload is over."""

    def __init__(self, run: _Run, number: int) -> None:
        self._future = run.executor.submit(self._fire, run, number)

    def _fire(self, run: _Run, number: int) -> Reply:
        reply = run.proxy.trigger()
        text = "" if reply.ok is None else ("success" if reply.ok else "failure")
        run.mark(EventKind.RELOAD_REPLY, reload=number, text=text)
        return reply

    @property
    def done(self) -> bool:
        """Whether it has answered."""
        return self._future.done()

    @property
    def reply(self) -> Reply:
        """What it answered; raises what went wrong in it."""
        return self._future.result() if self._future.done() else Reply(ok=None)

    def wait(self, timeout_s: float) -> None:
        """Wait until it has answered, at most so long."""
        wait([self._future], timeout_s)


def _failure(run: _Run, tracker: PhaseTracker, trigger: _Trigger, trigger_ns: int) -> str:
    """Return what HAProxy or the trigger says of a failure; "" while there is none."""
    if trigger.done and trigger.reply.ok is False:
        return trigger.reply.text or "the reload was refused"
    said = run.proxy.messages_since(trigger_ns)
    refused = any(event.reason == MessageKind.LOAD_FAILED for event in said)
    if refused or tracker.died:
        return alerts(said) or "the new process did not come up"
    if trigger.done and (status := _gone(run)):
        return alerts(said) or status
    return ""


def alerts(said: Sequence[Event]) -> str:
    """Return the first of HAProxy's alerts among these messages, without the closing "Error(s) found" lines."""
    texts = [event.text for event in said if event.state == "alert"]
    telling = [text for text in texts if "Error(s) found" not in text and "Fatal errors found" not in text]
    return "\n".join((telling or texts)[:ALERTS_SHOWN])


def _what_is_missing(tracker: PhaseTracker) -> str:
    if not tracker.new_pid:
        return f"no new process owned all listening sockets within {TAKEOVER_DEADLINE_S:g} s"
    if tracker.old_still_listening:
        pids = ", ".join(str(pid) for pid in sorted(tracker.old_still_listening))
        return f"process {pids} of the old generation still listens after {TAKEOVER_DEADLINE_S:g} s"
    return f"the trigger did not answer within {TAKEOVER_DEADLINE_S:g} s"


def _follow_quietly(run: _Run, tracker: PhaseTracker, seconds: float) -> None:
    """Go on watching for late phases (first accept, exits)."""

    def checked(_: PhaseTracker) -> bool:
        run.channel.check()
        return False

    run.observer.follow(tracker, run.channel.emit, until=checked, deadline_s=seconds)


def _watch_late_exits(run: _Run, number: int, seconds: float) -> None:
    tracker = PhaseTracker(number, run.proxy.serving_pids(), frozenset({""}), run.observer.endpoint_of)
    _follow_quietly(run, tracker, seconds)


class _Ticker:
    """Tells hitless the live counters from time to time."""

    def __init__(self, load: Load, channel: Channel) -> None:
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(load, channel), daemon=True)
        self._thread.start()

    def _run(self, load: Load, channel: Channel) -> None:
        while not self._stopped.wait(TICK_S):
            attempts, failed = load.counters()
            channel.say(Tick(attempts=attempts, failed=failed))

    def stop(self) -> None:
        """End the ticking."""
        self._stopped.set()
        self._thread.join()
