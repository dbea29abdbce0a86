"""What is left of a machine whose owner was killed; that machines boot is shown in tests/system."""

from pathlib import Path

import pytest

from hitless.lab import machine

GONE = 4_194_305
"""Above the kernel's largest pid."""


def test_a_command_is_started_inside() -> None:
    assert machine.Machine(7).enter[:3] == ("nsenter", "--target", "7")
    assert machine.Machine(7).root == Path("/proc/7/root")


def test_what_the_killed_have_left_goes_and_what_lives_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups, scratch = tmp_path / "cgroup", tmp_path / "tmp"
    own = Path("/proc/self").resolve().name
    left = [groups / f"hitless-bed-a-{GONE}", scratch / f"hitless-bed-a-{GONE}-x1"]
    alive = [groups / f"hitless-bed-b-{own}", scratch / f"hitless-bed-b-{own}-x2"]
    for directory in (*left, *alive):
        directory.mkdir(parents=True)
    (left[0] / "payload").mkdir()
    monkeypatch.setattr(machine, "_CGROUPS", groups)
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    machine._sweep()
    assert not any(directory.exists() for directory in left)
    assert all(directory.exists() for directory in alive)
