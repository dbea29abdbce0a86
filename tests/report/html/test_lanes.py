import re

import numpy as np
import pytest

from hitless.attempts import OUTCOME_CODES, dtype
from hitless.records import Event, EventKind, Outcome
from hitless.report.html import lanes
from hitless.report.html.series import MARKS_PER_BUCKET, Series, make_series
from hitless.verdict import Generation, Kernel
from tests.report.synthetic import ORIGIN_NS, STREAMS, make_restart, make_run, replace

MS = 1_000_000
DURATION_MS = 1000.0


def series(*attempts: tuple[Outcome, int, int]) -> Series:
    """Of attempts on stream 0: outcome, intended start and end in ms."""
    rows = np.zeros(len(attempts), dtype=dtype())
    for row, (outcome, start_ms, end_ms) in zip(rows, attempts, strict=True):
        row["outcome"], row["intended_ns"], row["end_ns"] = OUTCOME_CODES[outcome], start_ms * MS, end_ms * MS
        row["first_byte_ns"] = row["end_ns"] if outcome is Outcome.OK else 0
    return make_series(rows, STREAMS, rows["outcome"] > 0, origin_ns=0, duration_ms=DURATION_MS)


def path(html: str, class_: str) -> str:
    match = re.search(f'<path d="([^"]*)" class="{class_}">', html)
    return match[1] if match else ""


def xs(commands: str) -> list[float]:
    """Where the parts of a path begin."""
    return [float(x) for x in re.findall(r"M(-?[\d.]+) ", commands)]


@pytest.mark.parametrize(("t_ms", "left"), [(0, "0.000%"), (250, "25.000%"), (1000, "100.000%")])
def test_a_label_stands_at_its_share_of_the_run(t_ms: float, left: str) -> None:
    html = lanes.tag_at("<r>", t_ms, DURATION_MS, "flag")
    assert f'style="left:{left}"' in html
    assert f'data-t="{t_ms:.1f}"' in html
    assert "&lt;r&gt;" in html
    assert "data-until" not in html
    assert 'data-until="500.0"' in lanes.tag_at("x", t_ms, DURATION_MS, "flag", until_ms=500)


def test_latency_is_drawn_over_the_decades_it_spans() -> None:
    html = lanes.latency(series((Outcome.OK, 10, 12), (Outcome.OK, 510, 810)))
    labels = re.findall(r'class="level"[^>]*>([^<]*)<', html)
    assert labels == ["1 ms", "10 ms", "100 ms"]
    assert xs(path(html, "max")) == [25, 525]  # the middle of their buckets of 50 ms
    assert path(html, "p99")


def test_without_answers_latency_has_a_scale_and_no_line() -> None:
    html = lanes.latency(series((Outcome.REFUSED, 1, 2)))
    assert path(html, "grid")
    assert path(html, "p50") == path(html, "max") == ""


def test_the_rate_is_that_of_the_busiest_bucket_per_second() -> None:
    assert "40 /s" in lanes.rate(series(*[(Outcome.OK, 10, 11)] * 2, (Outcome.OK, 300, 301)))


def test_victims_have_a_row_for_each_outcome_the_most_frequent_first() -> None:
    html = lanes.victims(
        series((Outcome.REFUSED, 1, 101), (Outcome.STALE_REUSE, 1, 202), (Outcome.STALE_REUSE, 1, 203))
    )
    rows = re.findall(r'class="row-label">([^<]*)<', html)
    assert rows == ["stale_reuse · 2 · at most 2 in 5 ms", "refused · 1 · at most 1 in 5 ms"]
    assert "none" in lanes.victims(series((Outcome.OK, 1, 2)))


def test_no_resets_is_only_said_where_each_would_have_been_seen() -> None:
    some = series((Outcome.OK, 1, 2))
    nothing = np.zeros(len(some.started) * MARKS_PER_BUCKET, dtype=np.int64)
    assert ">none<" in lanes.resets(some, nothing, Kernel(source="tracefs", resets_to_clients=0))
    assert ">not watched one by one<" in lanes.resets(
        some, nothing, Kernel(source="counters", resets_to_clients=0)
    )
    nothing[3] = 5
    html = lanes.resets(some, nothing, Kernel(source="tracefs", resets_to_clients=0))
    assert "RST sent to clients · 5" in html
    assert xs(path(html, "reset")) == [15]


def test_a_worker_starts_serves_and_drains() -> None:
    worker = Generation(pid=7, start_s=0.1, ready_s=0.2, stopped_listening_s=0.5, exit_s=0.9, exit_code=1)
    html = lanes.generations([worker], DURATION_MS)
    assert [xs(path(html, class_)) for class_ in ("starts", "serving", "drains")] == [[100], [200], [500]]
    assert ">7, exit 1<" in html
    assert 'class="at quiet bad"' in html


def test_a_worker_that_was_there_before_and_stays_serves_throughout() -> None:
    html = lanes.generations([Generation(pid=7)], DURATION_MS)
    assert path(html, "serving") == "M0 62H1000V96H0Z"
    assert path(html, "drains") == ""
    assert ">7<" in html


def test_a_worker_that_was_never_ready_never_serves() -> None:
    html = lanes.generations([Generation(pid=7, start_s=0.1, exit_s=0.3, exit_code=0)], DURATION_MS)
    assert path(html, "starts") == "M100 62H300V96H100Z"
    assert path(html, "serving") == path(html, "drains") == ""


def test_rows_are_bounded_and_the_rest_is_counted() -> None:
    workers = [Generation(pid=pid) for pid in range(100, 130)]
    html = lanes.generations(workers, DURATION_MS)
    assert "6 earlier ones left out" in html
    assert ">105<" not in html
    assert ">129<" in html
    result = make_run().result
    addresses = [f"10.0.0.{number}:80" for number in range(30)]
    assert "6 left out" in lanes.listeners(result, addresses, (), DURATION_MS)


def test_the_owner_of_the_listeners_changes_when_the_new_worker_is_ready() -> None:
    result = replace(
        make_run().result, generations=(Generation(pid=1), Generation(pid=2, start_s=0.3, ready_s=0.4))
    )
    html = lanes.listeners(result, ["10.0.0.1:80"], (), DURATION_MS)
    assert path(html, "owner even") == "M0 62H400V84H0Z"
    assert path(html, "owner odd") == "M400 62H1000V84H400Z"


def test_a_gap_is_measured_even_at_an_address_that_no_client_used() -> None:
    run = make_restart()
    html = lanes.listeners(run.result, [], run.events, 26_000)
    (gap,) = run.result.kernel.listener_gaps
    assert f"{gap.address} · gap 2.03 s" in html
    assert xs(path(html, "gap")) == [gap.t_s * 1000]
    assert len(xs(path(html, "opened"))) == len(xs(path(html, "closed"))) == 1


def test_moments_of_other_sockets_are_not_drawn_here() -> None:
    result = make_run().result
    elsewhere = Event(t_ns=ORIGIN_NS, kind=EventKind.KERNEL_LISTEN, local="10.9.9.9:80")
    assert path(lanes.listeners(result, ["10.0.0.1:80"], [elsewhere], DURATION_MS), "opened") == ""


def test_unwatched_listeners_are_not_called_whole() -> None:
    result = make_run().result
    blind = replace(result, kernel=replace(result.kernel, listeners_watched=False))
    assert "not watched: gaps would not be seen" in lanes.listeners(blind, ["10.0.0.1:80"], (), DURATION_MS)
