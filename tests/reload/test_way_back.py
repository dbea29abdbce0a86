import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from hitless.facts import ConfigurationFile, Process, Role
from hitless.reload.instance_files import InstanceFiles
from hitless.reload.keeping import keep_good
from hitless.reload.plan import Side
from hitless.reload.target import Target
from hitless.reload.way_back import WayBack, check_way_back, find_way_back, runs_what_is_on_disk
from hitless.reloads import CheckState
from tests.reload.test_target import target


@pytest.fixture
def files(tmp_path: Path) -> Iterator[InstanceFiles]:
    with InstanceFiles(str(tmp_path / "state" / "one")) as found:
        yield found


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    path = tmp_path / "h.cfg"
    path.write_bytes(b"on disk\n")
    return path


def started(configuration: Path, age_s: float) -> Target:
    seen = target(Process(pid=2, parent_pid=1, role=Role.WORKER, generation=0, age_s=age_s))
    file = ConfigurationFile(path=str(configuration), text="", sha256="")
    instance = msgspec.structs.replace(seen.instance, configuration=(file,))
    return replace(seen, instance=instance, current_started_at=time.time() - age_s)


def changed_before(configuration: Path, seconds: float) -> None:
    moment = time.time() - seconds
    os.utime(configuration, (moment, moment))


def test_what_was_changed_before_the_start_is_what_runs(files: InstanceFiles, configuration: Path) -> None:
    changed_before(configuration, 100)
    seen = started(configuration, 50)
    assert runs_what_is_on_disk(seen) is True
    way = find_way_back(files, seen, {str(configuration): b"on disk\n"})
    assert (way.side, way.kept) == (Side.OLD, False)
    assert way.known


def test_what_was_changed_since_is_not(files: InstanceFiles, configuration: Path) -> None:
    changed_before(configuration, 10)
    seen = started(configuration, 50)
    assert runs_what_is_on_disk(seen) is False
    way = find_way_back(files, seen, {str(configuration): b"on disk\n"})
    assert (way.side, way.known) == (Side.OLD, "")


def test_then_what_was_proven_is_the_way_back(files: InstanceFiles, configuration: Path) -> None:
    keep_good(files, {str(configuration): b"proven\n"}, proven=True)
    changed_before(configuration, 10)
    way = find_way_back(files, started(configuration, 50), {str(configuration): b"on disk\n"})
    assert (way.side, way.kept) == (Side.NEW, True)
    assert "proven" in way.known


def test_what_was_proven_and_is_on_disk(files: InstanceFiles, configuration: Path) -> None:
    keep_good(files, {str(configuration): b"on disk\n"}, proven=True)
    changed_before(configuration, 10)  # touched, not changed
    way = find_way_back(files, started(configuration, 50), {str(configuration): b"on disk\n"})
    assert (way.side, way.kept) == (Side.OLD, True)


def test_a_file_that_cannot_be_seen_says_nothing(tmp_path: Path) -> None:
    assert runs_what_is_on_disk(started(tmp_path / "none", 1)) is None
    assert runs_what_is_on_disk(target()) is None


@pytest.mark.parametrize(
    ("known", "is_new", "state"),
    [
        ("proven", False, CheckState.PASSED),
        ("", True, CheckState.WARNED),
        ("", False, CheckState.FAILED),
    ],
)
def test_whether_a_rollback_leads_anywhere(known: str, is_new: bool, state: CheckState) -> None:  # noqa: FBT001
    check = check_way_back(WayBack(Side.OLD, kept=False, known=known), wanted=True, is_new=is_new)
    assert check is not None
    assert check.state is state


def test_nobody_asks_where_none_is_wanted() -> None:
    assert check_way_back(WayBack(Side.OLD, kept=False), wanted=False, is_new=True) is None
