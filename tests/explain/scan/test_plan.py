import pytest

from hitless.explain.formats.compile import compile_format
from hitless.explain.formats.known import known_formats
from hitless.explain.scan.plan import Field, WordPlan, plan_words


def test_haproxys_own_formats() -> None:
    plans = {f.name: plan_words(f) for f in known_formats()}
    assert plans["http"] == WordPlan("http", 10, Field(1, b"[", b"]"), Field(2), Field(9), 4, Field(5))
    assert plans["tcp"] == WordPlan("tcp", 7, Field(1, b"[", b"]"), Field(2), Field(6), 2)
    assert {name for name, plan in plans.items() if plan is None} == {
        "http_clf",
        "tcp_clf",
        "connect",
        "error",
    }


def test_text_around_a_field() -> None:
    plan = plan_words(compile_format("x", "req: fe=%f, st=%ST term=%ts! on %t %r"))
    assert plan == WordPlan(
        "x", 6, Field(5), Field(1, b"fe=", b","), Field(3, b"term=", b"!"), 2, Field(2, b"st=")
    )


@pytest.mark.parametrize(
    "text",
    [
        "%[req.hdr(a)] %t %f %ts",  # a text that may have spaces stands before them
        "%hr %t %f %ts",
        "%t/%f %ts",  # two in one word
        "%{+Q}t %{+Q}f %ts",
        "%T %f %ts",  # a date of two words
        "%f %ts %ST",  # no date
        "%t %f %ts %pid",  # whose process it is stands in the message
        "%t %f %ts %[a] %ST",  # the status comes too late
        "%{+json}o %(a)t %(b)f %(c)ts",
        "%t %[fe_name] %ts",
    ],
)
def test_what_must_be_read_line_by_line(text: str) -> None:
    assert plan_words(compile_format("x", text)) is None
