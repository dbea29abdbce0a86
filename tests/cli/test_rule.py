"""`hitless rule`: every cause has its page."""

import pytest

from hitless.causes import CAUSES
from hitless.errors import ExitCode
from tests.cli.commands import hitless


def test_the_list_has_every_cause() -> None:
    done = hitless("rule")
    assert done.status == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(CAUSES)


@pytest.mark.parametrize("code", CAUSES)
def test_each_cause_has_a_page(code: str) -> None:
    done = hitless("rule", code.lower())
    assert done.status == 0
    text = " ".join(done.stdout.split())
    cause = CAUSES[code]
    assert all(part in text for part in (code, cause.name, cause.summary, cause.why, cause.fix))


def test_an_unknown_rule_is_wrong_usage() -> None:
    done = hitless("rule", "HL999")
    assert (done.status, done.stdout) == (ExitCode.USAGE, "")
    assert done.stderr == "hitless: There is no rule HL999.\n`hitless rule` lists them.\n"


def test_a_hostile_code_cannot_write_to_the_terminal() -> None:
    assert "\x1b" not in hitless("rule", "\x1b]0;owned\x07").stderr
