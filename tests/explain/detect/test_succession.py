from hitless.explain.detect.attempts import read_attempts
from hitless.explain.detect.lives import read_lives
from hitless.explain.detect.succession import Succession, read_successions
from tests.explain.detect.histories import History, offset_s


def successions(history: History) -> list[Succession]:
    return read_successions(read_lives(history.table.activities, history.own), read_attempts(history.own))


def pids(found: Succession) -> tuple[list[int], list[int], list[int]]:
    return [x.pid for x in found.old], [x.pid for x in found.new], [x.pid for x in found.beside]


def test_one_after_the_other() -> None:
    history = History()
    history.serve(0, 10, 100)
    history.serve(10.1, 20, 200)
    history.serve(20.1, 30, 300)
    assert [pids(s) for s in successions(history)] == [
        ([], [100], []),
        ([100], [200], []),
        ([200], [300], []),
    ]


def test_a_few_late_requests_of_an_old_process_do_not_keep_it() -> None:
    history = History()
    history.serve(0, 10, 100)
    history.serve(10.1, 200, 200)
    history.request(50, 100)
    history.request(60, 100)
    assert pids(successions(history)[1]) == ([100], [200], [])


def test_an_old_process_that_serves_on_is_beside() -> None:
    history = History()
    history.serve(0, 200, 100)
    history.serve(10.1, 200, 200)
    assert pids(successions(history)[1]) == ([], [200], [100])


def test_the_gap_between_them() -> None:
    history = History()
    history.serve(0, 10, 100)
    history.serve(12, 20, 200)
    history.request(15, 100)  # on a connection that was kept
    second = successions(history)[1]
    assert second.serves is not None
    assert second.last_before is not None
    assert offset_s(second.serves) == 12
    assert 9 <= offset_s(second.last_before) <= 9.8


def test_reloads_in_quick_succession_are_told_apart_by_the_master() -> None:
    history = History()
    history.say(0, 1, "New worker (100) forked")
    for n, seconds in enumerate((10, 10.3, 10.6), 1):
        history.say(seconds, 1, "Reloading HAProxy")
        history.say(seconds + 0.1, 1, f"New worker ({100 + n}) forked")
        history.say(seconds + 0.1, 1, "Loading success.")
    assert [pids(s)[1] for s in successions(history)] == [[100], [101], [102], [103]]
    assert all(s.attempt is not None for s in successions(history))


def test_a_succession_without_times() -> None:
    empty = Succession([])
    assert empty.begin.t_ns == 0
    assert empty.serves is None
    assert empty.last_before is None


def test_loads_that_name_no_process_are_given_out_in_order() -> None:
    """Up to 2.3; several in one second, the first just before it, and one that failed and made no process."""
    history = History(coarse=True)
    starts = ((0.9, 1), (1.02, 1), (1.5, 1), (1.72, 1), (2.0, 1), (5.2, 1), (6.3, 2))
    for seconds, master in starts:
        history.say(seconds, master, "Proxy web started.")
    for pid, accepted in ((100, 1.016), (200, 1.04), (300, 1.53), (400, 1.74), (500, 5.35), (600, 6.6)):
        history.serve(accepted, accepted + 0.01, pid)
    found = successions(history)
    assert [pids(s)[1] for s in found] == [[100], [200], [300], [400], [500], [600]]
    asked = [offset_s(s.attempt.asked) for s in found if s.attempt is not None]
    assert asked == [0, 1, 1, 1, 5, 6]
    assert [s.attempt.reload for s in found if s.attempt is not None] == [False, *[True] * 4, False]
