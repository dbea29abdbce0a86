"""A scenario's file: what is understood, and what is refused with its reason."""

import pytest

from hitless.errors import UsageError
from hitless.lab.scenario import Step, covers, parse_scenario, parse_step
from tests.lab.made import TEXT, make_scenario


@pytest.mark.parametrize(
    ("span", "inside", "outside"),
    [
        ("2.6", (2, 6), (2, 8)),
        ("2.4-", (3, 2), (2, 2)),
        ("-2.5", (2, 2), (2, 6)),
        ("2.2-2.8", (2, 8), (3, 0)),
        ("2.2-", (2, 10), (2, 1)),
    ],
)
def test_a_span_covers_versions(span: str, inside: tuple[int, int], outside: tuple[int, int]) -> None:
    assert covers(span, inside)
    assert not covers(span, outside)


@pytest.mark.parametrize("span", ["", "-", "two", "2.6+"])
def test_what_is_no_span_is_refused(span: str) -> None:
    with pytest.raises(UsageError, match="says no versions"):
        covers(span, (2, 6))


def test_steps_are_the_scenarios_where_a_variant_has_none() -> None:
    scenario = make_scenario(TEXT.replace("[fixed]\n", '[fixed]\nsteps = ["start", "load"]\n'))
    assert scenario.variant("broken").steps == ("start", "audit", "load")
    assert scenario.variant("fixed").steps == ("start", "load")
    assert scenario.variant("fixed").reload == ("reload",)


def test_what_is_expected_depends_on_variant_and_version() -> None:
    scenario = make_scenario()
    broken = {name: str(c) for name, c in scenario.expectations("broken", (2, 8)).items()}
    assert broken == {"lost.stale_reuse": ">= 10", "audit.HL501": "true"}
    fixed = {name: str(c) for name, c in scenario.expectations("fixed", (2, 8)).items()}
    assert fixed == {"verdict": "hitless", "audit.HL501": "false"}
    assert {n: str(c) for n, c in scenario.expectations("broken", (2, 2)).items()} == {"verdict": "hitless"}


def test_a_step_is_filled_in_and_split() -> None:
    assert parse_step("run sh -c 'a b' ${more}", {"more": "c d"}) == Step(
        "run", ("sh", "-c", "a b", "c", "d")
    )


@pytest.mark.parametrize("line", ["run ${nothing}", "run 'unclosed", "run $"])
def test_a_step_that_cannot_be_read_is_refused(line: str) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        parse_step(line, {})


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('code = "HL501"', 'code = "HL9"', "a code is"),
        ('name = "an-example"', 'name = "An Example"', "a name small letters"),
        ('holds = ["2.4-"]', 'holds = ["ever"]', "says no versions"),
        ('expect = { "lost.stale_reuse" = ">= 10" }', "", "a check that cannot fail"),
        ('expect = { "lost.stale_reuse" = ">= 10" }', 'expect = { lost = ">= x" }', "no number"),
        ('title = "what happens"', 'titel = "what happens"', "titel"),
        ("true_if = { lost = ", 'variant = "other"\ntrue_if = { lost = ', "names no variant"),
        ("[fixed]", '[fixed]\nsteps = ["run ${nothing}"]', "cannot be read"),
        ("[fixed]", "[fixed", "no scenario"),
        ('rules = ["HL501"]', 'modes = ["daemon"]', "modes are"),
    ],
)
def test_a_file_that_says_nothing_or_too_much_is_refused(old: str, new: str, why: str) -> None:
    assert old in TEXT
    with pytest.raises(UsageError, match=why):
        parse_scenario(TEXT.replace(old, new, 1), "x.toml")
