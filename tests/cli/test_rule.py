"""`hitless rule`: every rule and every cause has its page."""

import json

import pytest

from hitless.audit.table import MODULES
from hitless.causes import CAUSES
from hitless.cli.rule_texts import OWN, rule_names
from hitless.errors import ExitCode
from tests.cli.commands import hitless


@pytest.mark.parametrize("code", [*sorted(MODULES), *OWN])
def test_each_rule_has_a_page(code: str) -> None:
    done = hitless("rule", code.lower())
    assert done.status == 0
    assert done.stdout.startswith(f"{code}  ")
    # Configuration and commands are never broken.
    assert max(len(line) for line in done.stdout.splitlines() if not line.startswith("    ")) <= 120


@pytest.mark.parametrize("code", CAUSES)
def test_each_cause_has_a_page(code: str) -> None:
    done = hitless("rule", code)
    assert done.status == 0
    text = " ".join(done.stdout.split())
    assert "`hitless prove`" in text
    assert CAUSES[code].why[1:] in text


def test_a_name_does_as_well() -> None:
    code = min(MODULES)
    assert hitless("rule", rule_names()[code]).stdout == hitless("rule", code).stdout


def test_other_forms() -> None:
    code = min(MODULES)
    assert json.loads(hitless("rule", code, "--format", "json").stdout)["code"] == code
    assert hitless("rule", code, "--format", "markdown").stdout.startswith(f"# {code} ")


def test_a_family_is_no_rule() -> None:
    done = hitless("rule", "HL5")
    assert done.status == ExitCode.USAGE
    assert "HL501" in done.stderr


def test_an_unknown_rule_is_wrong_usage() -> None:
    done = hitless("rule", "HL999")
    assert (done.status, done.stdout) == (ExitCode.USAGE, "")
    assert "There is no rule HL999." in done.stderr


def test_a_hostile_code_cannot_write_to_the_terminal() -> None:
    assert "\x1b" not in hitless("rule", "\x1b]0;owned\x07").stderr
