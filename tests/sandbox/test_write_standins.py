import os
from pathlib import Path

import pytest

from hitless.errors import SandboxError
from hitless.sandbox.standin_plan import Content, PathState, StandInPlan
from hitless.sandbox.write_standins import (
    _WRITERS,
    known_groups,
    known_users,
    read_path_state,
    write_stand_ins,
)


def test_every_content_has_a_writer() -> None:
    assert set(Content) - set(_WRITERS) == {Content.USER, Content.GROUP}


def test_nothing_of_the_host_is_written_outside_a_sandbox(tmp_path: Path) -> None:
    plan = StandInPlan(Content.MAP, "map", str(tmp_path / "map"), "h:1", "an empty map")
    with pytest.raises(SandboxError, match="not in a sandbox"):
        write_stand_ins([plan], directory=str(tmp_path / "ours"))
    assert list(tmp_path.iterdir()) == []


def test_without_plans_only_the_certificates_are_written(tmp_path: Path) -> None:
    stand_ins, certificates = write_stand_ins(
        [], directory=str(tmp_path / "ours"), server_names=["a.example"]
    )
    assert stand_ins == ()
    assert b"PRIVATE KEY" in Path(certificates.client).read_bytes()


def test_path_states(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    os.mkfifo(tmp_path / "fifo")
    states = {
        name: read_path_state(str(tmp_path / name)) for name in ("file", "link", "fifo", "gone", "file/x", "")
    }
    assert states == {
        "file": PathState.FILE,
        "link": PathState.ABSENT,
        "fifo": PathState.OTHER,
        "gone": PathState.ABSENT,
        "file/x": PathState.ABSENT,
        "": PathState.DIRECTORY,
    }


def test_this_machine_has_a_root() -> None:
    assert "root" in known_users()
    assert "root" in known_groups()
