import pytest

from hitless.explain.detect.lives import Life, read_lives
from tests.explain.detect.histories import History, offset_s


def lives(history: History) -> list[Life]:
    return read_lives(history.table.activities, history.own)


def test_a_life_of_messages_and_traffic() -> None:
    history = History()
    history.say(0, 1, "New worker (100) forked")
    history.serve(1, 3, 100)
    history.soft_stop(3, 100, "GLOBAL", "web", "mail", "<HTTPCLIENT>")
    history.say(5, 100, "soft-stop running for too long, performing a hard-stop.")
    history.say(5, 100, "Proxy web hard-stopped (2 remaining conns will be closed).")
    history.say(6, 1, "Former worker (100) exited with code 0 (Exit)")
    (life,) = lives(history)
    assert (life.pid, life.master, life.lines, life.cut_connections) == (100, 1, 10, 2)
    assert life.frontends == {"web", "mail"}
    times = (life.started, life.first_accept, life.stop_asked, life.hard_stopped, life.exited)
    assert [offset_s(m) for m in times if m is not None] == [0, 1, 3, 5, 6]
    assert life.begin == life.started
    assert life.end == life.stop_asked
    assert not life.current_at_exit
    assert life.generation().frontends == ("mail", "web")


def test_a_life_of_an_exit_alone() -> None:
    history = History()
    history.say(6, 1, "Current worker (100) exited with code 139 (Segmentation fault)")
    (life,) = lives(history)
    assert (life.exit_code, life.current_at_exit, life.master) == (139, True, 1)


def test_a_fork_of_a_pid_that_was_seen_long_before_is_another_life() -> None:
    history = History()
    history.serve(0, 3, 100)
    history.say(5000, 1, "New worker (100) forked")
    history.say(5001, 1, "Current worker (100) exited with code 1 (Exit)")
    first, second = lives(history)
    assert (first.lines, first.exited) == (15, None)
    assert (second.lines, second.exit_code) == (0, 1)


def test_a_pid_that_comes_back_after_others_came() -> None:
    history = History()
    history.serve(0, 3, 100)
    history.serve(3, 2000, 200, every=10)
    history.serve(2000, 2003, 100)
    found = lives(history)
    assert [life.pid for life in found] == [100, 200, 100]
    assert [life.lines for life in found if life.pid == 100] == [15, 15]


def test_a_pause_alone_is_no_other_life() -> None:
    history = History()
    history.serve(0, 3, 100)
    history.serve(2000, 2003, 100)
    assert len(lives(history)) == 1


@pytest.mark.parametrize("text", ["Paused frontend web.", "Resumed frontend web."])
def test_messages_alone_make_a_life(text: str) -> None:
    history = History()
    history.say(1, 100, text)
    (life,) = lives(history)
    assert life.frontends == {"web"}
    assert life.stop_asked is None


def test_two_forks_in_the_second_of_one_stamp_are_in_the_order_of_their_lines() -> None:
    """What the first accepted is known better than when the second was made."""
    history = History(coarse=True)
    history.say(0.1, 1, "New worker (100) forked")
    history.serve(0.66, 0.8, 100)
    history.say(0.9, 1, "New worker (200) forked")
    history.serve(1.2, 3, 200)
    assert [life.pid for life in lives(history)] == [100, 200]


def test_lines_out_of_order_are_in_that_of_their_stamps() -> None:
    history = History(coarse=True)
    history.say(5, 1, "New worker (200) forked")
    history.say(1, 1, "New worker (100) forked")
    assert [life.pid for life in lives(history)] == [100, 200]
