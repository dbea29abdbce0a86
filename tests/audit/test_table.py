"""The table of rules: sorted, whole, and each code loads its rule."""

from pathlib import Path

import pytest

import hitless.audit.rules
from hitless.audit.table import FAMILIES, MODULES, all_rules, load_rule, rule_module

RULES = Path(next(iter(hitless.audit.rules.__path__)))


def test_codes_are_sorted_and_modules_named_once() -> None:
    assert list(MODULES) == sorted(MODULES)
    assert len(set(MODULES.values())) == len(MODULES)
    assert {code[2] for code in MODULES} <= set(FAMILIES)


def test_no_rule_hides() -> None:
    files = {p.relative_to(RULES).with_suffix("") for p in RULES.rglob("*.py") if p.name != "__init__.py"}
    assert {Path(*name.split(".")) for name in MODULES.values()} == files


def test_all_rules_are_loaded_in_order() -> None:
    assert [rule.code for rule in all_rules()] == sorted(MODULES)
    assert load_rule("HL501") is load_rule("HL501")


def test_an_unknown_code_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        rule_module("HL999")
