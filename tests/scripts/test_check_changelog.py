from pathlib import Path

import pytest
from check_changelog import ROOT, find_problems


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    (tmp_path / "src" / "hitless").mkdir(parents=True)
    (tmp_path / "src" / "hitless" / "__init__.py").write_text('__version__ = "1.2.3"\n')
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## 1.2.3 (2026-01-01)\n\n## 1.2.2\n")
    (tmp_path / "changelog.d").mkdir()
    (tmp_path / "changelog.d" / "README.md").touch()
    (tmp_path / "changelog.d" / "12.fix.md").write_text("It works.\n")
    return tmp_path


def test_the_projects_own_agree() -> None:
    assert find_problems(ROOT) == []


def test_what_agrees_has_no_problem(root: Path) -> None:
    assert find_problems(root) == []


@pytest.mark.parametrize(
    ("path", "text", "problem"),
    [
        ("src/hitless/__init__.py", '__version__ = "1.2.4"\n', "__version__ is not 1.2.3"),
        ("CHANGELOG.md", "## 1.2.2\n## 1.2.3\n", "does not begin with an entry for 1.2.3"),
        ("CHANGELOG.md", "", "does not begin with an entry for 1.2.3"),
        ("changelog.d/12.bugfix.md", "x", "12.bugfix.md is not named"),
        ("changelog.d/12.md", "x", "12.md is not named"),
        ("changelog.d/Two Words.fix.md", "x", "is not named"),
        ("changelog.d/13.risk.md", " \n", "13.risk.md says nothing"),
    ],
)
def test_a_problem_is_named(root: Path, path: str, text: str, problem: str) -> None:
    (root / path).write_text(text)
    (found,) = find_problems(root)
    assert problem in found
