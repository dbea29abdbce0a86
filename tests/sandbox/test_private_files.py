from pathlib import Path

import pytest

from hitless.errors import SandboxError
from hitless.sandbox.private_files import (
    make_directory,
    make_writable,
    place_file,
    remove_file,
    require_sandbox,
)


def test_nothing_is_ever_written_outside_a_sandbox(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("host")
    with pytest.raises(SandboxError, match="not in a sandbox"):
        require_sandbox()
    with pytest.raises(SandboxError):
        place_file(str(there), b"ours")
    with pytest.raises(SandboxError):
        remove_file(str(there))
    with pytest.raises(SandboxError):
        make_directory(str(tmp_path / "new"))
    with pytest.raises(SandboxError):
        make_writable(str(tmp_path))
    assert there.read_text() == "host"
    assert not (tmp_path / "new").exists()
