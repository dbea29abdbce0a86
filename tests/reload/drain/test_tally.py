from hitless.reload.drain.tally import Tally


def test_what_was_done_is_counted_by_slices_of_the_time() -> None:
    tally = Tally(5, 4.0, "oldest")
    for number, at_s in enumerate((0.4, 1.2, 1.9, 3.5)):
        tally.closed((1, str(number)), at_s, due_s=at_s - 0.01 * number)
    tally.gone = 1
    tally.problem("odd")
    tally.problem("odd")
    result = tally.result(duration_s=4.0, gone=2, appeared=3, waiting=0)
    assert (result.closed, result.gone, result.appeared, result.per_slice) == (4, 3, 3, (1, 2, 0, 1))
    assert (result.late_median_s, result.late_worst_s) == (0.015, 0.03)
    assert result.problems == ("odd",)
    assert result.complete


def test_a_long_time_has_long_slices() -> None:
    tally = Tally(2, 600.0, "idlest")
    tally.closed((1, "a"), 599.0, 599.0)
    result = tally.result(duration_s=600, gone=0, appeared=0, waiting=0)
    assert result.slice_s == 10.0
    assert result.per_slice == (*(0,) * 59, 1)


def test_nothing_was_done() -> None:
    result = Tally(0, 60.0, "oldest").result(duration_s=0, gone=0, appeared=0, waiting=0)
    assert (result.per_slice, result.late_worst_s, result.complete) == ((), 0.0, True)


def test_what_waits_is_left() -> None:
    tally = Tally(9, 60.0, "oldest", left=2)
    result = tally.result(duration_s=1, gone=0, appeared=0, waiting=3, interrupted=True)
    assert (result.left, result.interrupted, result.complete) == (5, True, False)


def test_problems_are_not_without_end() -> None:
    tally = Tally(0, 1.0, "oldest")
    for number in range(100):
        tally.problem(str(number))
    assert len(tally.problems) == 20
