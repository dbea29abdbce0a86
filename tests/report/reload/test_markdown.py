import re

from hitless.reloads import ReloadOutcome
from hitless.report.reload.markdown import render
from tests.reload.made_receipts import make_full, make_hostile, make_receipt


def test_everything_is_there() -> None:
    text = render(make_full())
    for part in (
        "## ✅ TAKEN OVER: `haproxy.service` in 412 ms",
        "through the master CLI",
        "the new process is proven to serve: pid 4790 serves",
        "- **clients** 3 resets to clients by the reload",
        "- **guard** TRIPPED",
        "- **rollback** taken over by pid 4800",
        "- **draining** pid 4711",
        "- **recovered** a lock",
        "### Preflight: 5 checks",
        "| binds | failed, stops it | `0.0.0.0:80 is held by nginx (pid 77)` | `stop nginx` |",
        "| preflight | 1 ms | 180 ms | 17 checks |",
        "### Configuration",
        "- new 4790 (2.8.25)",
        "### Listening sockets",
        "```\n[NOTICE]   (4700) : Loading success.\n```",
        "receipt `r000000`",
    ):
        assert part in text


def test_each_outcome_has_its_mark() -> None:
    assert render(make_receipt(outcome=ReloadOutcome.DEGRADED)).startswith("## ⚠️ DEGRADED")
    assert render(make_receipt(outcome=ReloadOutcome.ROLLED_BACK)).startswith("## ❌ ROLLED BACK")


def test_checks_that_all_passed_are_counted() -> None:
    assert "### Preflight: 1 check: 1 passed\n" in render(make_receipt(checks=make_full().checks[:1]))


def test_hostile_text_makes_no_mention_and_no_tag() -> None:
    text = render(make_hostile())
    assert not {"\x1b", "\x07", "\u202e", "\udcff"} & set(text)
    outside = re.sub(r"(?<![\\`])(`+)[^`].*?(?<!`)\1(?!`)", "", text, flags=re.DOTALL)
    assert "<i>" not in outside
    assert "@team" not in outside
    assert len(text) < 65_536
