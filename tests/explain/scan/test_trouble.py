import numpy as np

from hitless.explain.scan.trouble import Trouble


def test_rows_stay_in_order() -> None:
    one, other = Trouble(), Trouble()
    one.add(np.array([5, 4]), 3, np.array([100, 200]))
    other.add(np.array([1]), 4, np.array([7]))
    one.add(np.array([], dtype=np.int64), 3, np.array([], dtype=np.int64))
    one.join(other)
    assert one.table.tolist() == [[5, 3, 100], [4, 3, 200], [1, 4, 7]]
    assert one.lines == 3
    assert Trouble().table.shape == (0, 3)


def test_each_second_keeps_some_where_they_are_too_many() -> None:
    trouble = Trouble(most=100)
    for start in range(0, 1000, 50):
        trouble.add(np.arange(start, start + 50) // 100, 0, np.arange(start, start + 50))
    seconds, _, offsets = trouble.table.T
    assert trouble.lines == 1000
    assert len(seconds) <= 100
    assert set(seconds.tolist()) == set(range(10))
    assert offsets.tolist() == sorted(offsets)
    assert {second * 100 for second in range(10)} <= set(offsets.tolist())


def test_more_seconds_than_there_is_room_for() -> None:
    trouble = Trouble(most=100)
    trouble.add(np.arange(1000), 0, np.arange(1000))
    seconds = trouble.table[:, 0]
    assert 40 <= len(seconds) <= 50
    assert np.all(np.diff(seconds) == np.diff(seconds)[0])
