from collections.abc import Sequence
from itertools import pairwise

import pytest

from hitless.control.errors import WasRefused
from hitless.drains import CloseResult
from hitless.reload.drain.close import Closer
from hitless.reload.drain.process_facts import Session
from hitless.reload.drain.waves import Order
from tests.reload.drain.fake_worker import Workers, workers
from tests.reload.drain.made import session


def closer(
    made: Workers,
    held: Sequence[Session],
    *,
    over_s: float = 10.0,
    frontends: tuple[str, ...] = (),
    order: Order = Order.OLDEST,
) -> Closer:
    return Closer(
        made,
        made,
        made.processes(),
        held,
        order=order,
        over_s=over_s,
        frontends=frontends,
        clock=made.clock,
    )


def close(made: Workers, held: Sequence[Session], **more: object) -> CloseResult:
    one = closer(made, held, **more)  # type: ignore[arg-type]
    one.run()
    return one.result()


def test_all_are_closed_at_an_even_rate_the_oldest_first() -> None:
    made, held = workers(100)
    result = close(made, held)
    assert (result.sessions, result.closed, result.gone, result.failed, result.left) == (100, 100, 0, 0, 0)
    assert result.complete
    assert [name for _, _, name in made.closed] == [f"0x{n:x}" for n in range(100, 0, -1)]
    gaps = [b - a for (a, _, _), (b, _, _) in pairwise(made.closed)]
    assert min(gaps) > 0.08
    assert max(gaps) < 0.12
    assert result.per_slice == (10,) * 10
    assert result.late_worst_s < 0.01


def test_several_processes_are_drained_at_once() -> None:
    made, held = workers(30, 30)
    result = close(made, held)
    assert result.closed == 60
    assert {pid for _, pid, _ in made.closed[:6]} == {10, 11}


def test_only_this_frontend() -> None:
    made, held = workers(3)
    held += made.add(session(7, frontend="db"), session(8, frontend=""))
    result = close(made, held, frontends=("db",))
    assert (result.sessions, result.closed) == (1, 1)
    assert set(made.sessions[10]) == {"0x1", "0x2", "0x3", "0x8"}


def test_none_is_closed_when_there_is_none() -> None:
    made, _ = workers(0)
    result = close(made, [])
    assert (result.sessions, result.closed, result.complete) == (0, 0, True)


def test_sessions_that_end_by_themselves_are_not_waited_for() -> None:
    made, held = workers(50)
    for name in list(made.sessions[10])[:40]:
        del made.sessions[10][name]
    result = close(made, held)
    assert (result.closed, result.gone) == (10, 40)


def test_an_address_that_has_come_to_mean_another_session_is_left_alone() -> None:
    made, held = workers(2)
    made.now_s += 60
    made.add(session(2, age_s=1))  # the same client, a request that began since
    made.add(session(1, age_s=500, source="203.0.113.9:1"))
    result = close(made, held, over_s=1.0)
    assert (result.closed, result.gone) == (0, 2)
    assert set(made.sessions[10]) == {"0x1", "0x2"}


def test_new_ones_that_come_within_the_time_are_closed_too() -> None:
    made, held = workers(20)

    def come(one: Workers, command: str) -> None:
        if command == "show sess" and len(one.closed) > 5 and not any("0xff" in c for c in one.closed):
            one.add(session(0xFF, age_s=1)) if "0xff" not in one.sessions[10] else None

    made.meanwhile = come
    result = close(made, held)
    assert (result.closed, result.appeared, result.complete) == (21, 1, True)


def test_a_process_that_ends_takes_its_sessions_with_it() -> None:
    made, held = workers(20, 20)

    def end(one: Workers, _command: str) -> None:
        if len(one.closed) == 10 and 10 in one.sessions:
            one.die(10)

    made.meanwhile = end
    result = close(made, held)
    assert result.ended == (10,)
    assert result.closed + result.gone == 40
    assert result.complete


def test_the_last_process_ends_when_its_last_session_is_closed() -> None:
    made, held = workers(3)

    def end(one: Workers, _command: str) -> None:
        if 10 in one.sessions and not one.sessions[10]:
            one.die(10)

    made.meanwhile = end
    result = close(made, held, over_s=1.0)
    assert (result.closed, result.ended, result.complete) == (3, (10,), True)


def test_a_process_that_does_not_answer_is_given_up_and_the_others_are_not() -> None:
    made, held = workers(10, 10)
    made.deaf = {11}
    result = close(made, held)
    assert (result.closed, result.left, result.failed) == (10, 10, 0)
    assert not result.complete
    assert result.problems == (
        "process 11 does not answer, its sessions are left: it did not answer in time",
    )
    times = [at for at, _, _ in made.closed]
    assert min(b - a for a, b in pairwise(times)) > 0.2  # twice the pace of the start, at most


def test_a_process_that_answers_late_once_is_asked_again() -> None:
    made, held = workers(10)

    def stall(one: Workers, _command: str) -> None:
        one.deaf = {10} if len(one.closed) == 3 and one.now_s < 1004.5 else set()

    made.meanwhile = stall
    result = close(made, held)
    assert (result.closed, result.complete, result.problems) == (10, True, ())


def test_a_session_that_stays_is_tried_again_and_then_said() -> None:
    made, held = workers(4)
    made.stubborn = {"0x2"}
    result = close(made, held, over_s=2.0)
    assert (result.closed, result.failed) == (3, 1)
    assert [name for _, _, name in made.closed].count("0x2") == 3
    assert "still has session 0x2 after 3 tries" in result.problems[0]


def test_a_level_that_is_too_low_ends_it_at_once() -> None:
    made, held = workers(4)
    made.refuses = "Permission denied\n"
    one = closer(made, held)
    with pytest.raises(WasRefused):
        one.run()
    assert one.result().closed == 0


def test_an_answer_that_says_something_else_is_a_failure() -> None:
    made, held = workers(2)
    made.refuses = "Something is wrong.\n"
    result = close(made, held, over_s=1.0)
    assert (result.closed, result.failed) == (0, 2)
    assert "Something is wrong." in result.problems[0]


def test_where_it_is_interrupted_it_says_how_far_it_has_come() -> None:
    made, held = workers(20)

    def interrupt(one: Workers, _command: str) -> None:
        if len(one.closed) == 7:
            raise KeyboardInterrupt

    made.meanwhile = interrupt
    one = closer(made, held)
    with pytest.raises(KeyboardInterrupt):
        one.run()
    result = one.result(interrupted=True)
    assert (result.closed, result.interrupted, result.complete) == (7, True, False)
    assert 12 <= result.left <= 13


def test_what_goes_on_is_told() -> None:
    made, held = workers(5)
    told: list[tuple[int, int]] = []
    Closer(
        made,
        made,
        made.processes(),
        held,
        order=Order.OLDEST,
        over_s=1.0,
        clock=made.clock,
        on_change=lambda closed, left: told.append((closed, left)),
    ).run()
    assert (1, 4) in told
    assert told[-1] == (5, 0)
