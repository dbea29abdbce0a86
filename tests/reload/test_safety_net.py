import os
from pathlib import Path

import pytest

from hitless.errors import ReloadError
from hitless.reload import safety_net
from hitless.reload.safety_net import read_migrate_req, write_migrate_req


@pytest.fixture
def setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "tcp_migrate_req"
    path.write_text("0\n")
    monkeypatch.setattr(safety_net, "_SETTING", path)
    return path


def test_it_is_read_and_written(setting: Path) -> None:
    assert read_migrate_req(None) == "0"
    write_migrate_req(None, "1")
    assert setting.read_text() == "1\n"
    assert read_migrate_req(os.getpid()) == "1"


def test_a_kernel_without_it(setting: Path) -> None:
    setting.unlink()
    assert read_migrate_req(None) == ""


def test_where_it_cannot_be_written(setting: Path) -> None:
    setting.unlink()
    setting.mkdir()
    with pytest.raises(ReloadError, match="tcp_migrate_req"):
        write_migrate_req(None, "1")
