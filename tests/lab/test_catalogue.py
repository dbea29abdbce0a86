"""The scenarios that ship: whole, named as they say, and pointing to rules that there are."""

from pathlib import Path

import pytest

import hitless.lab
from hitless.audit.table import MODULES
from hitless.causes import CAUSES
from hitless.errors import UsageError
from hitless.lab.catalogue import (
    entry,
    find_scenarios,
    read_scenario_file,
    reasons_without,
    scenarios,
    scenarios_of_rule,
)
from hitless.lab.scenario import STAGE_WORDS, VARIANTS, parse_step
from hitless.lab.verbs import VERBS
from tests.lab.made import TEXT

DIRECTORY = Path(hitless.lab.__file__).parent / "scenarios"


def test_each_file_is_named_after_its_scenario() -> None:
    assert sorted(path.stem for path in DIRECTORY.glob("*.toml")) == sorted(
        one.identity for one in scenarios()
    )


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda one: one.identity)
def test_codes_rules_and_verbs_are_there(scenario: "hitless.lab.scenario.Scenario") -> None:
    assert set(scenario.rules) <= set(MODULES)
    for name in VARIANTS:
        variant = scenario.variant(name)
        for line in (*variant.steps, *variant.reload):
            assert parse_step(line, dict.fromkeys(STAGE_WORDS, "x") | variant.words).verb in VERBS
        causes = {key.removeprefix("cause.") for key in variant.expect if key.startswith("cause.")}
        assert causes <= set(CAUSES)


def test_every_rule_has_a_scenario_or_a_reason_why_not() -> None:
    with_scenario = {code for one in scenarios() for code in one.rules}
    without = reasons_without()
    assert set(MODULES) - with_scenario - set(without) == set()
    assert with_scenario & set(without) == set()
    assert set(without) <= set(MODULES)
    assert all(len(reason) > 20 for reason in without.values())


def test_scenarios_are_found_by_code_family_rule_name_and_path(tmp_path: Path) -> None:
    (one,) = find_scenarios(["HL501-idle-close-under-clients"])
    assert one in find_scenarios(["hl501"])
    assert one in find_scenarios(["HL5", "HL501"])
    assert one in scenarios_of_rule("HL501")
    file = tmp_path / "mine.toml"
    file.write_text(TEXT)
    (mine,) = find_scenarios([str(file)])
    assert entry(mine).code == "HL501"


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no scenario 'HL999'"):
        find_scenarios(["HL999"])
    with pytest.raises(UsageError, match="cannot be read"):
        read_scenario_file(str(tmp_path / "none.toml"))
    (tmp_path / "bytes.toml").write_bytes(b"\xff")
    with pytest.raises(UsageError, match="not UTF-8"):
        read_scenario_file(str(tmp_path / "bytes.toml"))
    with (tmp_path / "large.toml").open("wb") as file:
        file.truncate(1 << 20)
    with pytest.raises(UsageError, match="too large"):
        read_scenario_file(str(tmp_path / "large.toml"))
