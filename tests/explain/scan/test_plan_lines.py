import numpy as np
import pytest

from hitless.explain.formats.compile import compile_format
from hitless.explain.scan.plan import WordPlan, plan_words
from hitless.explain.scan.plan_lines import PlanLines
from hitless.explain.scan.words import Words, find_words

DATE = b"29/Nov/2026:02:58:03.315"


def planned(text: str) -> WordPlan:
    plan = plan_words(compile_format("h.cfg:1", text))
    assert plan is not None
    return plan


def read(text: str, *messages: bytes) -> tuple[Words, PlanLines]:
    """Lines that are messages alone, behind one word."""
    words = find_words(b"".join(b"x " + message + b"\n" for message in messages))
    return words, PlanLines(words, planned(text), np.arange(len(messages)), words.first_gap)


def test_fields_and_what_stands_around_them() -> None:
    text = "[%tr] %ft st=%ST; <%tsc> %ci"
    good = b"[" + DATE + b"] web st=503; <SC--> 10.0.0.1"
    bad = [
        good.replace(b"[", b"("),
        good.replace(b"]", b")"),
        good.replace(b"st=", b"su="),
        good.replace(b";", b","),
        good.replace(b"<", b"("),
        good.replace(b"web", b""),
        good.replace(b"503", b"50x"),
    ]
    words, found = read(text, *bad, good)
    assert found.lines.tolist() == [len(bad)]
    assert found.status.tolist() == [503]
    assert [words.text(int(a), int(b)) for (a,), (b,) in [found.frontend, found.termination]] == [
        b"web",
        b"SC--",
    ]
    assert words.text(int(found.date_start[0]), int(found.date_start[0]) + 24) == DATE
    assert found.date.byte(23).tolist() == [ord("5")]


@pytest.mark.parametrize(
    ("status", "number"), [(b"-1", [-1]), (b"-", []), (b"-2", []), (b"-12", [-1]), (b"1", []), (b"1000", [])]
)
def test_numbers_of_another_length(status: bytes, number: list[int]) -> None:
    _, found = read("%tr %ft %ST %ts %ci", DATE + b" web " + status + b" SC 10.0.0.1")
    assert found.status.tolist() == number


def test_a_format_without_a_status() -> None:
    _, found = read("%t %ft %ts %ci", DATE + b" web SC 10.0.0.1", DATE + b" web SC-- 10.0.0.1")
    assert (found.lines.tolist(), found.status.tolist()) == ([0], [-1])


def test_text_before_a_field_may_be_long() -> None:
    before = b"=" * 300
    _, found = read(f"%tr %ft {before.decode()}%ts", DATE + b" web " + before + b"SC", DATE + b" web SC")
    assert found.lines.tolist() == [0]
