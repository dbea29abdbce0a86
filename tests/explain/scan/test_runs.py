from itertools import groupby

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hitless.explain.scan.runs import run_ends, run_starts


@given(st.lists(st.integers(0, 2)))
def test_runs(values: list[int]) -> None:
    starts = run_starts(np.array(values, dtype=np.int64))
    ends = run_ends(starts, len(values))
    found = [values[a:b] for a, b in zip(starts, ends, strict=True)]
    assert found == [list(run) for _, run in groupby(values)]
