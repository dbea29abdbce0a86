"""Markdown for a pull request."""

from hitless.findings import Severity
from hitless.report.audit.markdown import render
from tests.report.audit.synthetic import RULES, finding, make, make_full, make_hostile


def test_everything_is_there() -> None:
    text = render(make_full(), RULES, threshold=Severity.WARNING)
    for part in (
        "## ❌ hitless audit: 1 error, 1 note",
        "### error · [HL109](https://",
        "**`/etc/haproxy/haproxy.cfg:3:5`** the `thing` is wrong",
        "```diff\n@ /etc/haproxy/haproxy.cfg:2 (becomes)\n+ stats socket",
        "- run: `systemctl daemon-reload`",
        "<summary>Suppressed (1)</summary>",
        "<summary>Not checked (1)</summary>",
        "<summary>Not seen (1)</summary>",
    ):
        assert part in text


def test_clean_and_unknown_have_their_marks() -> None:
    assert render(make(), RULES, threshold=Severity.NOTE).startswith("## ✅ hitless audit: nothing found\n")
    assert render(make(instances=0), RULES, threshold=Severity.NOTE).startswith("## ⚠️")


def test_it_fits_into_a_comment() -> None:
    many = [finding(message=f"{number} " + "long " * 100) for number in range(400)]
    text = render(make(*many), RULES, threshold=Severity.WARNING)
    assert len(text) < 65_536
    assert "more places" in text


def test_hostile_text_makes_no_mention_and_no_tag() -> None:
    text = render(make_hostile(), RULES, threshold=Severity.NOTE)
    assert not {"\x1b", "\x07", "\u202e", "\udcff"} & set(text)
    outside = [line for line in text.split("\n") if "@team" in line and "`" not in line]
    assert outside == []
