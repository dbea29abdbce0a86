"""Rules as plain data."""

import pytest

from hitless.audit.table import MODULES, load_rule
from hitless.cli.rule_texts import OWN, rule_names, rule_text, whole_text


def test_names_are_known_without_an_import() -> None:
    assert rule_names() == {code: load_rule(code).name for code in sorted(MODULES)}


@pytest.mark.parametrize("code", [*sorted(MODULES), *OWN])
def test_each_rule_has_its_text(code: str) -> None:
    text = rule_text(code)
    assert text.code == code
    assert all((text.name, text.summary, text.family, text.title, text.sections))
    assert text.why or code in OWN


def test_a_page_says_how_its_rule_is_reproduced() -> None:
    assert "`hitless lab run HL501-idle-close-under-clients`" in whole_text("HL501").sections["Reproduce"]
    assert whole_text("HL000") == OWN["HL000"]
