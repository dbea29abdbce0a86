"""The project file: what it says, and what is wrong with it, by the key's name."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.audit.policy import Accepted, Policy
from hitless.audit.project import parse_project
from hitless.errors import UsageError
from hitless.findings import Severity

NAMES = {
    "HL109": "misplaced-expose-fd",
    "HL501": "idle-close-under-clients",
    "HL510": "idle-close-without-bound",
}


def test_everything_at_once() -> None:
    text = """
    [audit]
    select = ["HL5", "misplaced-expose-fd"]
    ignore = ["HL510"]
    threshold = "error"
    [audit.severity]
    HL501 = "note"
    misplaced-expose-fd = "off"
    [[audit.suppress]]
    code = "HL501"
    reason = " we know "
    path = "a/*.cfg"
    """
    assert parse_project(text, "p.toml", NAMES) == Policy(
        select=frozenset(NAMES),
        ignore=frozenset({"HL510", "HL109"}),
        threshold=Severity.ERROR,
        severity={"HL501": Severity.NOTE},
        suppress=(Accepted("HL501", "we know", "p.toml, [[audit.suppress]] number 1", "a/*.cfg"),),
    )


def test_an_empty_file_decides_nothing() -> None:
    assert parse_project("[other]\nx = 1", "p.toml", NAMES) == Policy()


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[audit", "p.toml is not TOML"),
        ("audit = 1", "audit must be a table"),
        ("[audit]\nselects = []", "audit has no key `selects`"),
        ("[audit]\nselect = 'HL5'", "audit.select must be a list of strings"),
        ("[audit]\nignore = [1]", "audit.ignore must be a list of strings"),
        ("[audit]\nignore = ['HL9']", "audit.ignore: There is no rule HL9"),
        ("[audit]\nthreshold = 'off'", "audit.threshold must be one of"),
        ("[audit]\nthreshold = []", "audit.threshold must be one of"),
        ("[audit.severity]\nHL501 = 'bad'", "audit.severity.HL501 must be one of"),
        ("[audit]\nsuppress = 3", "audit.suppress must be a list of tables"),
        ("[audit]\nsuppress = [3]", "audit.suppress (number 1) must be a table"),
        ("[[audit.suppress]]\ncode = 'HL501'", "(number 1) has no `reason`"),
        ("[[audit.suppress]]\ncode = 'HL501'\nreason = ' '", "(number 1) has no `reason`"),
        ("[[audit.suppress]]\nreason = 'x'", "(number 1) has no `code`"),
        ("[[audit.suppress]]\ncode = 1\nreason = 'x'", "code must be a string"),
        ("[[audit.suppress]]\ncode = 'HL501'\nreason = 'x'\nfile = 'y'", "has no key `file`"),
    ],
)
def test_a_mistake_is_named(text: str, part: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_project(text, "p.toml", NAMES)
    assert part in caught.value.message


@given(st.text())
def test_any_text_is_a_policy_or_a_mistake(text: str) -> None:
    with contextlib.suppress(UsageError):
        parse_project(text, "p.toml", NAMES)
