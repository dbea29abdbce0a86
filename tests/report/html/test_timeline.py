import json
import re
from typing import Any

import numpy as np
import pytest

from hitless.attempts import dtype
from hitless.report.html.series import find_victims
from hitless.report.html.timeline import _duration_ms, _view, render_timeline
from hitless.verdict import Generation, Phase, Reload, ReloadPhase
from tests.report.synthetic import DURATION_S, ORIGIN_NS, RELOADS_S, Run, make_restart, make_run, replace


def section(run: Run) -> str:
    victims = find_victims(run.result, run.attempts, run.streams)
    return render_timeline(run.result, run.attempts, run.streams, run.events, victims)


def data(html: str) -> dict[str, Any]:
    match = re.search(r'<script type="application/json" id="data">(.*?)</script>', html)
    assert match is not None
    found: dict[str, Any] = json.loads(match[1])
    return found


@pytest.fixture(scope="module")
def html() -> str:
    return section(make_run())


def band(html: str, class_: str) -> list[float]:
    """Where the bands of a kind begin."""
    match = re.search(f'<path d="([^"]*)" class="{class_}">', html)
    return [float(x) for x in re.findall(r"M([\d.]+) ", match[1])] if match else []


def test_the_axis_is_as_long_as_what_is_drawn_on_it() -> None:
    result = make_run().result
    nothing = np.zeros(0, dtype=dtype())
    assert _duration_ms(result, nothing) == DURATION_S * 1000
    late = replace(result, generations=(Generation(pid=1, exit_s=30.5),))
    assert _duration_ms(late, nothing) == 30_500
    one = np.zeros(1, dtype=dtype())
    one["end_ns"] = ORIGIN_NS + 31_000_400_000
    assert _duration_ms(late, one) == 31_001
    empty = replace(result, duration_s=0.0, generations=())
    assert _duration_ms(empty, nothing) == 100  # something to divide by


def test_a_reload_is_looked_at_without_the_wait_for_the_old_worker() -> None:
    phases = (
        ReloadPhase(name=Phase.TRIGGERED, t_ms=0),
        ReloadPhase(name=Phase.OLD_STOPPED_LISTENING, t_ms=80),
        ReloadPhase(name=Phase.OLD_GONE, t_ms=30_000),
    )
    reload = Reload(number=1, t_s=10.0, via="usr2", ok=True, phases=phases)
    assert _view(reload) == (9_920, 10_240)
    assert _view(replace(reload, phases=())) == (9_950, 10_100)


def test_each_reload_has_its_band_its_flag_and_its_button(html: str) -> None:
    assert band(html, "handover") == [t_s * 1000 for t_s in RELOADS_S]
    assert len(band(html, "draining")) == len(RELOADS_S)
    assert band(html, "failed") == []
    for number, t_s in enumerate(RELOADS_S, 1):
        assert f'data-t="{t_s * 1000:.1f}">{number}</span>' in html
        assert f">reload {number}</button>" in html


def test_a_failed_reload_has_another_band_and_flag() -> None:
    html = section(make_restart())
    assert band(html, "failed") == [RELOADS_S[1] * 1000]
    assert RELOADS_S[1] * 1000 not in band(html, "handover")
    assert ">2 ✕</span>" in html


def test_buttons_are_bounded_by_their_row() -> None:
    run = make_run()
    reloads = tuple(replace(run.result.reloads[0], number=n, t_s=8 + n / 10) for n in range(1, 41))
    html = section(Run(replace(run.result, reloads=reloads), run.attempts, run.streams, run.events))
    assert html.count(">reload ") == 12
    assert len(data(html)["reloads"]) == 40


def test_the_script_reads_the_same_numbers(html: str) -> None:
    result = make_run().result
    drawn = data(html)
    assert drawn["duration"] >= DURATION_S * 1000
    assert drawn["control"] == result.control_end_s * 1000
    assert sum(n for buckets in drawn["victims"].values() for n in buckets.values()) == result.judged.failed
    assert len(drawn["p50"]) == len(drawn["started"]) == len(drawn["answered"])
    assert [g[0] for g in drawn["generations"]] == [g.pid for g in result.generations]
    assert drawn["generations"][0][1] is None
    for reload in drawn["reloads"]:
        times = [t for _, t in reload["phases"]]
        assert times == sorted(times)


def test_where_nothing_was_answered_there_is_no_number() -> None:
    run = make_run(hurt=False)
    quiet = Run(run.result, run.attempts[:0], run.streams, run.events)
    assert set(data(section(quiet))["p99"]) == {None}
