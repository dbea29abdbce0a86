from pathlib import Path

import pytest

from hitless.audit.logging_setup.existing import read_existing
from hitless.store import ChangeError


def test_what_is_there_and_what_is_not(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "a").write_bytes(b"caf\xe9\n")
    assert read_existing(f"{tmp_path}/", ["/etc/a", "/etc/b"]) == {"/etc/a": "caf\udce9\n", "/etc/b": None}


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(ChangeError, match="no regular file"):
        read_existing(str(tmp_path), ["/a"])
