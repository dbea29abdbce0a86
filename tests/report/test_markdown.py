import re

import pytest

from hitless.report.markdown import render
from tests.report.synthetic import (
    HOSTILE,
    HOSTILE_TERMINAL,
    make_hostile,
    make_incomplete,
    make_restart,
    make_run,
)


def test_verdict_comes_first() -> None:
    assert render(make_run(hurt=False).result).startswith("## ✅ HITLESS: none of 32 000 requests hurt\n")
    assert render(make_run().result).startswith("## ❌ NOT HITLESS: ")
    assert render(make_incomplete().result).startswith("## ⚠️ NO VERDICT: ")


def test_failed_reload_shows_what_haproxy_said() -> None:
    text = render(make_restart().result)
    assert "**failed** `[ALERT] (4242) : [haproxy.main()] Cannot bind [192.168.10.26:80]`" in text


@pytest.mark.parametrize("text", ["a|b", "x`y``z", HOSTILE, HOSTILE_TERMINAL, "a\nb\n\n# c"])
def test_every_table_keeps_its_columns(text: str) -> None:
    rows = 0
    columns = 0
    for line in render(make_hostile(text).result).splitlines():
        if not line.startswith("|"):
            columns = 0
            continue
        cells = len(re.findall(r"(?<!\\)\|", line))
        assert columns in {0, cells}, line
        columns = cells
        rows += 1
    assert rows > 20


def test_html_links_and_mentions_are_disarmed() -> None:
    text = render(make_hostile("<b>@team www.evil.example http://evil.example [x](y)").result)
    outside_code = re.sub(r"(?<!\\)(`+).*?(?<!`)\1(?!`)", "", text)
    for live in ("<b>", "@team", "www.evil", "http://", "[x]"):
        assert live not in outside_code
