from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hitless.explain.scan.rows import BUCKETS_S, Rows

KEYS = st.lists(
    st.tuples(st.integers(0, 100), st.integers(-1, 5), st.integers(-2, 600)), min_size=1, max_size=60
)


@given(st.lists(KEYS, min_size=1, max_size=6))
def test_equal_keys_are_summed(batches: list[list[tuple[int, int, int]]]) -> None:
    rows = Rows(3)
    for batch in batches:
        rows.add(*np.array(batch, dtype=np.int64).T)
    expected = Counter(key for batch in batches for key in batch)
    found = {tuple(row[:-1]): row[-1] for row in rows.table.tolist()}
    assert found == dict(expected)
    assert list(found) == sorted(found)
    again = Rows(3)
    again.add_rows(rows.table)
    again.add_rows(rows.table)
    assert {tuple(row[:-1]): row[-1] for row in again.table.tolist()} == {
        k: 2 * n for k, n in expected.items()
    }


@given(KEYS)
def test_sorting_and_counters_find_the_same(keys: list[tuple[int, int, int]]) -> None:
    counted, ordered = Rows(3), Rows(3)
    counted.add(*np.array(keys, dtype=np.int64).T)
    far = (1 << 30, 0, 0)  # too far off for counters
    ordered.add(*np.array([*keys, far], dtype=np.int64).T)
    assert counted.table.tolist() == ordered.table.tolist()[:-1]


def test_keys_too_wide_for_one_number() -> None:
    rows = Rows(2)
    huge = np.array([1 << 60, 0, 1 << 60, 5], dtype=np.int64)
    rows.add(huge, np.array([1 << 40, 3, 1 << 40, -(1 << 40)], dtype=np.int64))
    assert rows.table.tolist() == [[0, 3, 1], [5, -(1 << 40), 1], [1 << 60, 1 << 40, 2]]


def test_time_gets_coarser_before_rows_get_too_many() -> None:
    rows = Rows(2, most=1000)
    for start in range(0, 100_000, 500):
        rows.add(np.arange(start, start + 500, dtype=np.int64), np.zeros(500, dtype=np.int64))
    table = rows.table
    assert rows.bucket_s > 1
    assert len(table) <= 1000
    assert table[:, -1].sum() == 100_000
    assert not np.any(table[:, 0] % rows.bucket_s)


def test_a_bucket_that_is_given() -> None:
    rows = Rows(1)
    rows.add(np.array([1, 9, 11, 61], dtype=np.int64))
    rows.coarsen_to(10)
    rows.coarsen_to(1)
    assert rows.bucket_s == 10
    assert rows.table.tolist() == [[0, 2], [10, 1], [60, 1]]
    rows.coarsen_to(BUCKETS_S[-1])
    assert rows.table.tolist() == [[0, 4]]


def test_nothing() -> None:
    rows = Rows(2)
    rows.add(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
    rows.add_rows(np.empty((0, 3), dtype=np.int64))
    rows.coarsen_to(60)
    assert rows.table.shape == (0, 3)
