import re
from pathlib import Path

import pytest

from hitless import errors
from hitless.errors import ExitCode, HitlessError

CLASSES = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, HitlessError)]


def test_an_error_says_what_happened_and_what_to_do() -> None:
    error = HitlessError("no HAProxy", hint="install it")
    assert (str(error), error.message, error.hint) == ("no HAProxy", "no HAProxy", "install it")
    assert HitlessError("x").hint == ""


@pytest.mark.parametrize("kind", CLASSES)
def test_no_error_looks_like_a_verdict(kind: type[HitlessError]) -> None:
    assert kind.exit_code not in {ExitCode.CLEAN, ExitCode.FOUND}


def test_every_error_is_public() -> None:
    assert sorted([c.__name__ for c in CLASSES] + ["ExitCode"]) == sorted(errors.__all__)


def test_every_exit_code_is_documented_under_its_name() -> None:
    page = (Path(__file__).parent.parent / "docs" / "exit-codes.md").read_text()
    rows = re.findall(r"^\| (\d+) \| (\w+) \|", page, re.MULTILINE)
    assert [(int(code), name) for code, name in rows] == [(c.value, c.name.lower()) for c in ExitCode]
