"""`hitless rules`: all of them."""

import json

import pytest

from hitless.audit.table import MODULES
from hitless.causes import CAUSES
from tests.cli.commands import hitless


@pytest.mark.parametrize("output_format", ["text", "json", "markdown"])
def test_every_rule_is_listed_once(output_format: str) -> None:
    done = hitless("rules", "--format", output_format)
    assert done.status == 0
    for code in MODULES:
        assert code in done.stdout
    if output_format == "json":
        assert [rule["code"] for rule in json.loads(done.stdout)] == sorted(MODULES)


def test_causes_without_a_rule_are_listed_too() -> None:
    text = hitless("rules").stdout
    assert all(code in text for code in CAUSES)
