"""Where the project file is found, and what cannot be one."""

from pathlib import Path

import pytest

from hitless.audit.policy import Policy
from hitless.cli.project_file import FILE_NAME, find_project_file, read_project_file
from hitless.errors import UsageError

NAMES = {"HL501": "idle-close-under-clients"}


def test_the_nearest_above_is_found(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / FILE_NAME).touch()
    assert find_project_file(tmp_path / "a" / "b") == tmp_path / FILE_NAME
    (tmp_path / "a" / FILE_NAME).touch()
    assert find_project_file(tmp_path / "a" / "b") == tmp_path / "a" / FILE_NAME


def test_the_search_ends_at_the_repository(tmp_path: Path) -> None:
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    (tmp_path / FILE_NAME).touch()
    assert find_project_file(tmp_path / "repo") is None


def test_no_file_decides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    assert read_project_file(None, NAMES) == Policy()


@pytest.mark.parametrize(
    ("content", "part"), [(None, "is no file"), (b"\xff", "not UTF-8"), (b" " * 1_000_001, "larger than")]
)
def test_what_cannot_be_one(tmp_path: Path, content: bytes | None, part: str) -> None:
    path = tmp_path / "p.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read_project_file(str(path), NAMES)
    assert part in caught.value.message
