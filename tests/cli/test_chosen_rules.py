from pathlib import Path

import pytest

from hitless.audit.table import MODULES
from hitless.cli.chosen_rules import choose
from hitless.errors import UsageError


@pytest.fixture
def project(tmp_path: Path) -> str:
    path = tmp_path / "project.toml"
    path.write_text('[audit]\nselect = ["HL5"]\nignore = ["HL501"]\n')
    return str(path)


@pytest.fixture
def empty(tmp_path: Path) -> str:
    path = tmp_path / "empty.toml"
    path.write_text("")
    return str(path)


def test_all_rules_without_a_wish(empty: str) -> None:
    assert choose(empty, (), ())[1] == sorted(MODULES)


def test_commas_and_repetition_add_up(empty: str) -> None:
    assert choose(empty, ("HL501, HL109", "no-hard-stop-after"), ("HL109",))[1] == ["HL203", "HL501"]


def test_the_command_line_stands_over_the_project_file(project: str) -> None:
    policy, codes = choose(project, (), ())
    assert codes
    assert all(code.startswith("HL5") for code in codes)
    assert "HL501" not in codes
    assert "HL501" in policy.ignore
    assert choose(project, ("HL501",), ())[1] == ["HL501"]


def test_nothing_left_is_wrong_usage(empty: str) -> None:
    with pytest.raises(UsageError, match="No rule is left"):
        choose(empty, ("HL501",), ("HL5",))
