"""Text that Markdown makes nothing of."""

from hitless.report.gfm import bullets, code, code_span, fenced, plain_text, sentence, table


def test_plain_text_is_escaped() -> None:
    assert plain_text("*a* <b> @team www.x") == "\\*a\\* &lt;b&gt; @<!-- -->team www<!-- -->.x"


def test_code_has_a_fence_that_its_text_has_not() -> None:
    assert code("a`b") == "`` a`b ``"
    assert code("a|b") == "`a|b`"
    assert code_span("a|b") == "`a\\|b`"
    assert code("") == ""
    assert fenced(["a```b"], "diff") == "````diff\na```b\n````"


def test_a_sentence_keeps_its_code() -> None:
    assert sentence("use `a_b` not a_b") == "use `a_b` not a\\_b"


def test_lists_and_tables() -> None:
    assert bullets(["a", "b"]) == "- a\n- b"
    assert table((("h", "--:"),), [], title="T") == ""
    assert table((("h", "--:"),), [["1"]], title="T") == "### T\n\n| h |\n| --: |\n| 1 |"
