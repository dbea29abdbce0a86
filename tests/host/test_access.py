import os
from pathlib import Path

import pytest

from hitless.host.access import Step, judge_step, why_not_directory, why_not_writable
from hitless.host.rights import CAP_DAC_OVERRIDE, Rights
from hitless.host.root import HostRoot

SOMEBODY = Rights(102, 103, (4,))
ROOT = Rights(0, 0, (), 1 << CAP_DAC_OVERRIDE)
WRITE, PASS = 2, 1


@pytest.mark.parametrize(
    ("step", "rights", "bits", "granted"),
    [
        (Step("/d", 0o40755, 102, 0), SOMEBODY, WRITE, True),
        (Step("/d", 0o40755, 0, 0), SOMEBODY, WRITE, False),
        (Step("/d", 0o40755, 0, 0), SOMEBODY, PASS, True),
        (Step("/d", 0o40700, 0, 0), SOMEBODY, PASS, False),
        (Step("/d", 0o40775, 0, 103), SOMEBODY, WRITE, True),
        (Step("/d", 0o40775, 0, 4), SOMEBODY, WRITE, True),
        (Step("/d", 0o40757, 0, 4), SOMEBODY, WRITE, False),
        (Step("/d", 0o41777, 0, 0), SOMEBODY, WRITE, True),
        (Step("/d", 0o40000, 5, 5), ROOT, WRITE, True),
        (Step("/d", 0o40755, 0, 0, read_only=True), ROOT, WRITE, False),
        (Step("/d", 0o40755, 0, 0, read_only=True), ROOT, PASS, True),
        (Step("/d", 0o40700, 5, 5), Rights(0, 0), PASS, False),
    ],
)
def test_the_kernels_rule(step: Step, rights: Rights, bits: int, *, granted: bool) -> None:
    assert (judge_step(step, rights, bits) == "") is granted


def test_directories_files_and_what_is_in_their_way(tmp_path: Path) -> None:
    root = HostRoot()
    ours = Rights(os.geteuid(), os.getegid(), (), 1 << CAP_DAC_OVERRIDE)
    (tmp_path / "file").write_text("")
    assert why_not_directory(root, str(tmp_path)) == ""
    assert "is no directory" in why_not_directory(root, f"{tmp_path}/file")
    assert "does not exist" in why_not_directory(root, f"{tmp_path}/gone")
    assert why_not_writable(root, f"{tmp_path}/new", ours) == ""
    assert why_not_writable(root, f"{tmp_path}/file", ours) == ""
    assert "does not exist" in why_not_writable(root, f"{tmp_path}/gone/new", ours)
    assert "is a directory" in why_not_writable(root, str(tmp_path), ours)
    assert why_not_writable(root, "/proc/new", SOMEBODY).startswith("user 102 may not write in /proc")


def test_every_directory_on_the_way_counts(tmp_path: Path) -> None:
    root = HostRoot(tmp_path, live=False)
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a").chmod(0o700)
    (tmp_path / "a" / "b").chmod(0o777)
    stranger = Rights(54321, 54321)
    tmp_path.chmod(0o755)
    assert "may not pass through /a" in why_not_writable(root, "/a/b/new", stranger)
    (tmp_path / "a").chmod(0o711)
    assert why_not_writable(root, "/a/b/new", stranger) == ""
    (tmp_path / "a" / "b" / "old").write_text("")
    assert "may not write in /a/b/old" in why_not_writable(root, "/a/b/old", stranger)
