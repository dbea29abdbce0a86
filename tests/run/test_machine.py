from hitless.run.machine import (
    Accepting,
    Asked,
    Command,
    Do,
    Ended,
    Event,
    Machine,
    NotReady,
    Phase,
    Ready,
    Reloaded,
    Tick,
    Wish,
    exit_code,
)
from hitless.run.options import RunOptions

STOP, RELOAD = Asked(Wish.STOP), Asked(Wish.RELOAD)


class Play:
    """A machine with a clock; `told` is what it says to the service manager."""

    def __init__(self, **options: object) -> None:
        self.machine = Machine(RunOptions(command=("haproxy",), **options))  # type: ignore[arg-type]
        self.now = 100.0
        self.told: list[str] = []
        self.said: list[str] = []
        self.status: int | None = None
        assert self._take(self.machine.begin()) == [Do.START, Do.AWAIT_READY]

    def _take(self, commands: list[Command]) -> list[Do]:
        self.told += [c.text for c in commands if c.do is Do.NOTIFY]
        self.said += [c.text for c in commands if c.do is Do.SAY]
        self.status = next((c.status for c in commands if c.do is Do.EXIT), self.status)
        return [c.do for c in commands if c.do not in {Do.SAY, Do.NOTIFY}]

    def does(self, event: Event, after_s: float = 0.0) -> list[Do]:
        self.now += after_s
        return self._take(self.machine.handle(event, self.now))

    def until_due(self) -> list[Do]:
        assert self.machine.deadline is not None
        self.now = self.machine.deadline
        return self._take(self.machine.handle(Tick(), self.now))


def serving(**options: object) -> Play:
    play = Play(**options)
    assert play.does(Ready()) == [Do.TAKE]
    return play


def test_the_manager_hears_of_readiness_only_with_the_proof() -> None:
    play = Play()
    assert play.does(NotReady("why")) == [Do.AWAIT_READY]
    assert play.told == []
    play.does(Ready())
    assert play.told == ["READY=1\nSTATUS=Serving."]


def test_one_that_never_served_ends_as_haproxy_ends() -> None:
    play = Play()
    assert play.does(Ended(1)) == [Do.CLOSE, Do.EXIT]
    assert play.status == 1
    assert play.machine.phase is Phase.OVER
    assert play.does(Ready()) == []
    killed = Play()
    killed.does(Ended(-9))
    assert killed.status == exit_code(-9) == 137


def test_a_crash_is_followed_by_a_start_at_once_and_then_by_growing_delays() -> None:
    play = serving()
    assert play.does(Ended(-11), after_s=60) == [Do.START, Do.AWAIT_READY]
    delays = []
    for _ in range(5):
        if play.does(Ended(-11)) == [Do.START, Do.AWAIT_READY]:
            continue
        at = play.now
        assert play.until_due() == [Do.START, Do.AWAIT_READY]
        delays.append(round(play.now - at, 3))
    assert delays == [0.1, 0.2, 0.4, 0.8]


def test_it_says_how_long_nobody_served() -> None:
    play = serving()
    play.does(Ended(-9), after_s=60)
    play.does(Ended(1), after_s=0.5)
    play.does(Ready(), after_s=0.25)
    assert play.said[-1] == "HAProxy is proven to serve again, 0.75 s after it had ended"
    play.does(Ended(-9), after_s=60)
    play.does(Ready(), after_s=0.1)
    assert play.said[-1] == "HAProxy is proven to serve again, 0.10 s after it had ended"


def test_who_served_steadily_begins_anew() -> None:
    play = serving()
    for _ in range(30):
        assert play.does(Ended(-9), after_s=11) == [Do.START, Do.AWAIT_READY]
        play.does(Ready())


def test_it_gives_up() -> None:
    play = serving(restarts=2, hold_s=1000.0)
    play.does(Ended(1))
    play.does(Ended(1))
    play.until_due()
    assert play.does(Ended(3)) == [Do.CLOSE, Do.EXIT]
    assert play.status == 3


def test_an_end_in_order_is_somebodys_wish() -> None:
    play = serving()
    assert play.does(Ended(0)) == [Do.CLOSE, Do.EXIT]
    assert play.status == 0


def test_nobody_waits_longer_than_the_bound() -> None:
    play = serving(hold_s=5.0, restarts=1000)
    play.does(Ended(1))
    began, done = play.now, []
    while Do.CLOSE not in done:
        done = play.does(Ended(1)) if play.machine.phase is Phase.STARTING else play.until_due()
    assert play.now - began == 5.0
    for _ in range(20):
        done = play.does(Ended(1)) if play.machine.phase is Phase.STARTING else play.until_due()
        assert Do.CLOSE not in done


def test_a_master_without_a_worker_does_not_hold_clients_either() -> None:
    play = serving(hold_s=5.0)
    play.does(Accepting(some=False))
    play.does(Accepting(some=False), after_s=2)
    assert play.until_due() == [Do.CLOSE]
    assert play.now == 105.0
    play.does(Accepting(some=True))
    assert play.machine.deadline is None


def test_reloads_come_one_after_the_other_and_together() -> None:
    play = serving()
    assert play.does(RELOAD) == [Do.RELOAD]
    assert play.told[-1].startswith("RELOADING=1")
    assert play.does(RELOAD) == play.does(RELOAD) == []
    assert play.does(Reloaded(taken_over=False, text="no")) == [Do.TAKE, Do.RELOAD]
    assert "READY=1\nSTATUS=Reload failed: no" in play.told
    assert play.does(Reloaded(taken_over=True, text="yes")) == [Do.TAKE]
    assert play.told[-1] == "READY=1\nSTATUS=Serving."


def test_a_reload_before_it_serves_waits_and_one_after_a_failure_does_not() -> None:
    play = Play()
    assert play.does(RELOAD) == []
    assert play.does(Ready()) == [Do.TAKE, Do.RELOAD]
    waiting = serving()
    waiting.does(Ended(1))
    waiting.does(Ended(1))
    assert waiting.machine.phase is Phase.WAITING
    assert waiting.does(RELOAD) == [Do.START, Do.AWAIT_READY]


def test_a_stop_closes_first_and_cuts_at_the_deadline() -> None:
    play = serving(stop_s=8.0)
    assert play.does(STOP) == [Do.CLOSE, Do.SOFT_STOP]
    assert play.told[-1].startswith("STOPPING=1")
    assert play.does(RELOAD) == []
    assert play.until_due() == [Do.TERMINATE]
    assert play.now == 108.0
    assert play.until_due() == [Do.KILL]
    assert play.does(Ended(-9)) == [Do.CLOSE, Do.EXIT]
    assert play.status == 143


def test_a_stop_whose_connections_end_in_time_is_a_success() -> None:
    play = serving()
    play.does(STOP)
    play.does(Ended(0), after_s=1)
    assert play.status == 0


def test_a_second_stop_does_not_wait() -> None:
    play = serving()
    play.does(STOP)
    assert play.does(STOP) == [Do.TERMINATE]


def test_a_stop_between_two_starts_ends_at_once() -> None:
    play = serving()
    play.does(Ended(1))
    play.does(Ended(1))
    play.does(STOP)
    assert play.status == 0
