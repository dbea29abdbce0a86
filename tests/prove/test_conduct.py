"""One run conducted over proxies that behave in a chosen way: which events it leaves behind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hitless.clock import now_ns
from hitless.errors import Interrupted, LoadError
from hitless.evidence.haproxy_log import to_event
from hitless.prove.conduct import Pace, alerts, conduct
from hitless.records import Event, EventKind
from hitless.reload.instance import Reply
from hitless.reload.phases import Observation, PhaseTracker
from tests.prove.pipes import Pipes

ENDPOINT = "192.0.2.1:80"
INODE = 7
PACE = Pace(reloads=2, control_s=0.01, spacing_s=0.01, settle_s=0.01)

Look = Mapping[int, frozenset[int]]
LOOK_NS = 1_000_000
HELD, EMPTY = frozenset({INODE}), frozenset[int]()


@dataclass
class FakeProxy:
    """A proxy whose reloads show what was written down for them."""

    looks: list[list[Look]]
    replies: list[Reply] = field(default_factory=list)
    status: int | None = None
    said: list[str] = field(default_factory=list)
    triggered: int = 0
    owners: list[int] = field(default_factory=list)
    dies_at: int = 0

    def trigger(self) -> Reply:
        self.triggered += 1
        if self.dies_at == self.triggered:
            self.status = 1
        return self.replies[self.triggered - 1] if self.replies else Reply(ok=None)

    def serving_pids(self) -> frozenset[int]:
        return frozenset(self.looks[self.triggered][0]) if self.triggered < len(self.looks) else frozenset()

    def taken_over(self, pid: int) -> None:
        self.owners.append(pid)

    def exit_status(self) -> int | None:
        return self.status

    def messages_since(self, t_ns: int) -> list[Event]:
        del t_ns
        return [to_event(now_ns(), line.encode()) for line in self.said]


@dataclass
class FakeObserver:
    """Shows the looks of the proxy's reloads, the last one again and again, as if each took its time."""

    proxy: FakeProxy
    endpoints: frozenset[str] = frozenset({ENDPOINT})
    after_reload: frozenset[str] = frozenset({ENDPOINT})
    endpoint_of: dict[int, str] = field(default_factory=lambda: {INODE: ENDPOINT})
    reload: int = 0
    at: int = 0

    def follow(
        self,
        tracker: PhaseTracker,
        emit: Callable[[Event], None],
        *,
        until: Callable[[PhaseTracker], bool],
        deadline_s: float,
    ) -> bool:
        if tracker.number - 1 != self.reload:
            self.reload, self.at = tracker.number - 1, 0
        looks = self.proxy.looks[min(self.reload, len(self.proxy.looks) - 1)]
        for _ in range(2000 if deadline_s > 1 else 5):
            look = looks[min(self.at, len(looks) - 1)]
            self.at += 1
            for event in tracker.observe(Observation(now_ns() + self.at * LOOK_NS, look)):
                emit(event)
            if until(tracker):
                return True
        return False


@dataclass
class FakeLoad:
    """Clients that do nothing but keep order."""

    calls: list[str] = field(default_factory=list)
    fails: bool = False

    def start(self) -> None:
        self.calls.append("start")

    def wait_ready(self, timeout_s: float) -> None:
        del timeout_s
        if self.fails:
            raise LoadError("no clients")
        self.calls.append("ready")

    @property
    def process_fds(self) -> tuple[int, ...]:
        return ()

    def check(self) -> None:
        self.calls.append("check")

    def counters(self) -> tuple[int, int]:
        return 10, 1

    def stop(self) -> None:
        self.calls.append("stop")


def good(old: int, new: int) -> list[Look]:
    return [
        {old: HELD},
        {old: HELD, new: EMPTY},
        {old: HELD, new: HELD},
        {old: EMPTY, new: HELD},
        {new: HELD},
    ]


def run(proxy: FakeProxy, directory: Path, pace: Pace = PACE) -> list[Event]:
    with Pipes(directory) as pipes:
        counters = conduct(proxy, FakeLoad(), FakeObserver(proxy), pipes.channel, pace)  # type: ignore[arg-type]
        labels = [reading.label for reading in counters]
        assert labels[:2] == ["control start", "control end"]
        assert labels[-1] == "load stop"
        return pipes.events()


def reload_events(events: list[Event], number: int) -> list[str]:
    return [event.kind.value for event in events if event.reload == number]


def test_two_good_reloads(tmp_path: Path) -> None:
    proxy = FakeProxy([good(10, 11), good(11, 12)])
    events = run(proxy, tmp_path)
    assert [event.kind for event in events if not event.reload] == [
        EventKind.LOAD_START,
        EventKind.CONTROL_START,
        EventKind.CONTROL_END,
        EventKind.LOAD_STOP,
    ]
    assert proxy.triggered == 2
    assert proxy.owners == [11, 12]
    for number in (1, 2):
        seen = reload_events(events, number)
        assert seen[0] == "reload.trigger"
        assert set(seen) == {
            "reload.trigger",
            "reload.reply",
            "reload.done",
            "process.start",
            "listeners.owned",
            "listeners.released",
            "process.exit",
        }
        assert "reload.failed" not in seen


@pytest.mark.parametrize(
    ("proxy", "told"),
    [
        (FakeProxy([[{10: HELD}]], [Reply(ok=False, text="Success=0")]), "Success=0"),
        (FakeProxy([[{10: HELD}]], [Reply(ok=False)]), "the reload was refused"),
        (FakeProxy([[{10: HELD}]], said=["[WARNING]  (9) : Loading failure!"]), "did not come up"),
        (FakeProxy([[{10: HELD}, {10: HELD, 11: EMPTY}, {10: HELD}]]), "did not come up"),
        (
            FakeProxy(
                [[{10: HELD}, {10: HELD, 11: EMPTY}, {10: HELD}]],
                said=["[ALERT]    (11) : config : parsing [h.cfg:4] : unknown keyword 'x'"],
            ),
            "unknown keyword 'x'",
        ),
        (FakeProxy([[{10: HELD}]]), "no new process owned all listening sockets"),
        (FakeProxy([[{10: HELD}, {10: HELD, 11: HELD}]]), "process 10 of the old generation still listens"),
    ],
)
def test_a_reload_that_fails_says_why(
    tmp_path: Path, proxy: FakeProxy, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hitless.prove.conduct.TAKEOVER_DEADLINE_S", 2.0)
    monkeypatch.setattr("hitless.reload.phases.GONE_FOR_GOOD_NS", 500_000_000)
    events = run(proxy, tmp_path, Pace(reloads=1, control_s=0.0, spacing_s=0.0, settle_s=0.0))
    (failed,) = (event for event in events if event.kind is EventKind.RELOAD_FAILED)
    assert told in failed.text
    assert proxy.owners == []
    assert "reload.done" not in reload_events(events, 1)


def test_no_further_reload_once_the_proxy_is_gone(tmp_path: Path) -> None:
    proxy = FakeProxy([good(10, 11), [{11: HELD}, {}]], dies_at=2)
    events = run(proxy, tmp_path, Pace(reloads=4, control_s=0.0, spacing_s=0.0, settle_s=0.0))
    assert proxy.triggered == 2
    (failed,) = (event for event in events if event.kind is EventKind.RELOAD_FAILED)
    assert (failed.reload, failed.text) == (2, "HAProxy ended with status 1")
    assert events[-1].kind is EventKind.LOAD_STOP


def test_what_the_trigger_raises_is_raised(tmp_path: Path) -> None:
    class Broken(FakeProxy):
        def trigger(self) -> Reply:
            raise LoadError("broken trigger")

    with pytest.raises(LoadError, match="broken trigger"):
        run(Broken([[{10: HELD}]]), tmp_path)


def test_the_load_is_not_measured_before_it_is_ready(tmp_path: Path) -> None:
    load, proxy = FakeLoad(fails=True), FakeProxy([good(10, 11)])
    with Pipes(tmp_path) as pipes, pytest.raises(LoadError):
        conduct(proxy, load, FakeObserver(proxy), pipes.channel, PACE)  # type: ignore[arg-type]
    assert load.calls == ["start"]
    assert proxy.triggered == 0


def test_it_stops_when_hitless_has_gone(tmp_path: Path) -> None:
    proxy = FakeProxy([good(10, 11)])
    with Pipes(tmp_path) as pipes:
        pipes.hang_up()
        with pytest.raises(Interrupted):
            conduct(proxy, FakeLoad(), FakeObserver(proxy), pipes.channel, PACE)  # type: ignore[arg-type]
    assert proxy.triggered == 0


def test_the_telling_alerts_come_without_the_closing_ones() -> None:
    lines = (
        "[NOTICE]   (1) : haproxy version is 2.8",
        "[ALERT]    (1) : config : parsing [h.cfg:4] : unknown keyword 'x'",
        "[ALERT]    (1) : config : Error(s) found in configuration file : h.cfg",
        "[ALERT]    (1) : config : Fatal errors found in configuration.",
    )
    events = [to_event(1, line.encode()) for line in lines]
    assert alerts(events) == "config : parsing [h.cfg:4] : unknown keyword 'x'"
    assert alerts(events[2:]).startswith("config : Error(s) found")
    assert alerts([]) == ""
