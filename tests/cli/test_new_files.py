from pathlib import Path

import pytest

from hitless.cli.new_files import show_or_write
from hitless.errors import UsageError

FILES = {"/etc/a.conf": "one\n", "/etc/b/c": "two\n"}


def test_without_a_directory_they_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    show_or_write(FILES, None)
    assert capsys.readouterr().out == "# ---- /etc/a.conf\none\n\n# ---- /etc/b/c\ntwo\n"


def test_with_one_they_are_written_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show_or_write(FILES, str(tmp_path))
    assert (tmp_path / "etc" / "b" / "c").read_text() == "two\n"
    assert capsys.readouterr().out.splitlines() == [f"{tmp_path}/etc/a.conf", f"{tmp_path}/etc/b/c"]


def test_nothing_is_written_where_one_is_there(tmp_path: Path) -> None:
    (tmp_path / "etc" / "b").mkdir(parents=True)
    (tmp_path / "etc" / "b" / "c").touch()
    with pytest.raises(UsageError, match="nothing was written"):
        show_or_write(FILES, str(tmp_path))
    assert not (tmp_path / "etc" / "a.conf").exists()
