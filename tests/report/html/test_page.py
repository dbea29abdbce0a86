import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from hitless.attempts import dtype
from hitless.report.html import render_html
from tests.report.synthetic import (
    HOSTILE,
    HOSTILE_TERMINAL,
    Run,
    make_hostile,
    make_incomplete,
    make_restart,
    make_run,
    replace,
)


def page(run: Run) -> str:
    return render_html(run.result, run.attempts, run.streams, run.events)


def data(html: str) -> dict[str, object]:
    match = re.search(r'<script type="application/json" id="data">(.*?)</script>', html)
    assert match is not None
    value: dict[str, object] = json.loads(match[1])
    return value


def test_nothing_is_fetched_and_only_the_own_script_may_run() -> None:
    html = page(make_run())
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert policy is not None
    assert "default-src &#x27;none&#x27;" in policy[1]
    script = re.search(r"<script>(.*?)</script>", html, re.DOTALL)
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"script-src &#x27;sha256-{digest}&#x27;" in policy[1]
    assert not re.search(r"\b(src|href)=\"(?!#)", html)
    assert "url(" not in html
    assert "@import" not in html
    assert "http://" not in html.replace("http://www.w3.org", "")
    assert not re.search(r"<[^>]*\son\w+=", html)


@pytest.mark.parametrize("make", [make_run, make_restart, make_incomplete])
def test_an_ordinary_run_stays_under_one_megabyte(make: Callable[[], Run]) -> None:
    assert len(page(make()).encode()) < 1_000_000


def test_verdicts_in_plain_words() -> None:
    assert "Reloads of this configuration hurt clients." in page(make_run())
    assert "No client lost anything to a reload." in page(make_run(hurt=False))
    assert "This run proves nothing: evidence is missing." in page(make_incomplete())
    run = make_run(hurt=False)
    failed = replace(
        run.result, verdict=replace(run.result.verdict, passed=False, reasons=("a listener gap",))
    )
    assert "The verdict fails for another reason." in page(replace_result(run, failed))


def replace_result(run: Run, result: object) -> Run:
    return Run(result, run.attempts, run.streams, run.events)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text", [HOSTILE, HOSTILE_TERMINAL, "<!--<script>", "javascript:alert(1)", "' onload='x"]
)
def test_hostile_text_makes_no_element_and_no_attribute(text: str) -> None:
    plain, hostile = page(make_hostile("harmless")), page(make_hostile(text))
    elements = re.compile(r"<(\w+)")
    assert Counter(elements.findall(hostile)) == Counter(elements.findall(plain))
    assert not re.search(r"<[^>]*\son\w+=", hostile)
    hostile.encode()
    assert "\x1b" not in hostile


def test_numbers_of_the_timeline_agree_with_the_verdict() -> None:
    run = make_run()
    drawn = data(page(run))
    victims = drawn["victims"]
    assert isinstance(victims, dict)
    assert sum(n for buckets in victims.values() for n in buckets.values()) == run.result.judged.failed


def test_the_judges_victims_are_used_when_given() -> None:
    run = make_run()
    nobody = np.zeros(len(run.attempts), dtype=np.bool_)
    html = render_html(run.result, run.attempts, run.streams, run.events, victims=nobody)
    assert data(html)["victims"] == {}


def test_victims_beyond_the_bound_are_counted() -> None:
    run = make_run()
    many = run.result.victims_sample * 2
    html = page(replace_result(run, replace(run.result, victims_sample=many)))
    assert html.count('<details class="victim">') == 500
    assert "500 of 950 listed" in html
    assert "450 more are counted, not listed." in html


def test_endless_log_lines_do_not_break_the_size() -> None:
    run = make_run()
    long = tuple(replace(v, log=("<" * 50_000,) * 50, kernel="<" * 50_000) for v in run.result.victims_sample)
    html = page(replace_result(run, replace(run.result, victims_sample=long)))
    assert len(html.encode()) < 1_000_000
    assert "… 46 more" in html


def test_a_run_without_attempts_and_events_is_drawn() -> None:
    run = make_run(hurt=False)
    empty = replace(run.result, reloads=(), generations=(), workloads=(), duration_s=0.0, control_end_s=0.0)
    html = render_html(empty, np.zeros(0, dtype=dtype()), (), ())
    assert 'id="lanes"' in html
    assert "none seen" in html


def test_gaps_and_failed_reloads_are_drawn() -> None:
    html = page(make_restart())
    assert "192.168.10.25:80 · gap 2.03 s" in html
    assert 'class="failed"' in html
    assert "Cannot bind [192.168.10.26:80]" in html
    for drawn in (
        "gap",
        "opened",
        "closed",
        "serving",
        "drains",
        "owner even",
        "p50",
        "p99",
        "max",
        "victim",
        "reset",
    ):
        assert f'class="{drawn}"></path>' in html
