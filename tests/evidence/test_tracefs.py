import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hitless.errors import EvidenceError
from hitless.evidence import tracefs
from hitless.evidence.tracefs import Instance, open_tracefs, sweep_stale_instances
from hitless.host.processes import read_start_ticks


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory in tracefs's place."""
    (tmp_path / "instances").mkdir()
    monkeypatch.setattr(tracefs, "_MOUNT_POINTS", (str(tmp_path),))
    return tmp_path


@pytest.fixture
def instance(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    monkeypatch.setattr(
        tracefs, "_PINNED", "."
    )  # the kernel makes the files of an instance, nobody makes ours
    descriptor = os.open(root, os.O_RDONLY)
    found = Instance(descriptor, "hitless-1-2")
    yield found
    found.close()
    os.close(descriptor)


def test_a_name_has_pid_and_start_time() -> None:
    ticks = read_start_ticks(os.getpid())
    assert Instance.name_for(os.getpid(), "prove") == f"hitless-{os.getpid()}-{ticks}-prove"


def test_control_files_are_read_and_written(root: Path, instance: Instance) -> None:
    (root / "instances" / "hitless-1-2" / "trace_clock").touch()
    instance.write("trace_clock", "mono")
    assert instance.read("trace_clock") == "mono"
    assert instance.has("trace_clock")
    assert not instance.has("events")
    (root / "instances" / "hitless-1-2" / "trace_clock").unlink()


def test_what_cannot_be_read_or_written_is_named(instance: Instance) -> None:
    with pytest.raises(EvidenceError, match="trace_clock cannot be read"):
        instance.read("trace_clock")
    with pytest.raises(EvidenceError, match="trace_clock refuses 'mono'"):
        instance.write("trace_clock", "mono")
    with pytest.raises(EvidenceError, match="per_cpu cannot be read"):
        instance.processors()
    with pytest.raises(EvidenceError, match="per_cpu/cpu0 cannot be read"):
        instance.open_raw("per_cpu/cpu0")


def test_an_instance_that_is_there_is_not_taken(root: Path) -> None:
    descriptor = os.open(root, os.O_RDONLY)
    (root / "instances" / "hitless-1-2").mkdir()
    with pytest.raises(EvidenceError, match="File exists"):
        Instance(descriptor, "hitless-1-2")
    os.close(descriptor)


def test_only_the_instances_of_the_dead_are_swept(root: Path) -> None:
    own = os.getpid()
    ticks = read_start_ticks(own)
    kept = {f"hitless-{own}-{ticks}", f"hitless-{own}-{ticks}-prove", "mine", "hitless-1", "hitless-x-1"}
    stale = {f"hitless-{own}-{ticks + 1}", "hitless-2147483647-1", "hitless-2147483647-1-prove"}
    for name in kept | stale:
        (root / "instances" / name).mkdir()
    assert set(sweep_stale_instances()) == stale
    assert {path.name for path in (root / "instances").iterdir()} == kept


def test_without_tracefs_the_reason_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(tracefs, "_MOUNT_POINTS", (str(tmp_path),))
    monkeypatch.setattr(tracefs, "_system_call", refuse)
    with pytest.raises(EvidenceError, match="Operation not permitted") as caught:
        open_tracefs()
    assert "root" in caught.value.hint
