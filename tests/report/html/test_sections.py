import re

import pytest

from hitless.records import ClientClass
from hitless.report.html.sections import render_causes, render_footer, render_header, render_notes
from hitless.verdict import ProofResult
from tests.report.synthetic import make_incomplete, make_run, replace


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", html)).strip()


@pytest.mark.parametrize(
    ("result", "mark", "class_", "words"),
    [
        (make_run().result, "✕", "not_hitless", "Reloads of this configuration hurt clients."),
        (make_run(hurt=False).result, "✓", "hitless", "No client lost anything to a reload."),
        (make_incomplete().result, "?", "no_verdict", "This run proves nothing: evidence is missing."),
    ],
)
def test_the_verdict_is_a_mark_a_colour_and_a_sentence(
    result: ProofResult, mark: str, class_: str, words: str
) -> None:
    html = render_header(result)
    assert f'aria-hidden="true">{mark}</span>' in html
    assert html.startswith(f'<header class="verdict {result.conclusion}">')
    assert str(result.conclusion).lower().replace(" ", "_").replace("-", "_") == class_
    assert words in html


def test_a_verdict_that_fails_without_victims_does_not_claim_victims() -> None:
    result = make_run(hurt=False).result
    failed = replace(result, verdict=replace(result.verdict, passed=False, reasons=("a <gap>",)))
    html = render_header(failed)
    assert "The verdict fails for another reason." in html
    assert "hurt clients." not in html
    assert "<li>a &lt;gap&gt;</li>" in html


def test_the_class_that_is_judged_is_marked_and_alone() -> None:
    result = make_run().result
    polite = replace(result, verdict=replace(result.verdict, client_class=ClientClass.POLITE))
    html = render_header(polite)
    assert html.count('class="judged"') == 1
    judged = html.partition('class="judged"')[2].partition("</div>")[0]
    assert text(f"<i{judged}").startswith("polite clients · judged 12 hurt of")


def test_a_cause_has_its_evidence_and_the_place_of_its_fix() -> None:
    result = make_run().result
    html = render_causes(result)
    assert html.count("<article") == len(result.causes)
    for cause in result.causes:
        assert cause.evidence[0] in text(html)
    first = result.causes[0]
    bare = replace(first, fix_where="", why="", evidence=(), summary="")
    html = render_causes(replace(result, causes=(bare,)))
    assert first.name in html
    assert 'class="seen"' not in html
    assert " in <code>" not in html


def test_what_is_not_there_has_no_section() -> None:
    result = replace(make_run(hurt=False).result, causes=(), notes=(), limitations=())
    assert render_causes(result) == render_notes(result) == ""


def test_notes_come_before_limitations() -> None:
    result = replace(make_run().result, notes=("first",), limitations=("second",))
    assert "<li>first</li><li>second</li>" in render_notes(result)


def test_the_footer_says_what_made_the_page_and_leaves_out_what_is_unknown() -> None:
    result = make_run().result
    assert "haproxy 2.8.25 (/usr/sbin/haproxy) · configuration haproxy.cfg · tier root" in render_footer(
        result
    )
    bare = replace(result, configuration=(), tier="", started_at="")
    assert "haproxy 2.8.25 (/usr/sbin/haproxy) · 26.0 s" in render_footer(bare)
