from pathlib import Path

from hitless.host.mounts import read_mounts
from hitless.host.root import HostRoot

LINES = rb"""21 1 8:1 / / rw - ext4 /dev/sda1 rw
22 21 0:5 / /run rw,nosuid shared:5 - tmpfs tmpfs rw
23 22 0:6 / /run/with\040blank rw - ext4 x rw
24 22 0:7 / /run/user rw - tmpfs x rw
25 24 0:8 / /run/user rw - xfs x rw
nonsense
"""


def test_the_longest_mount_point_decides(tmp_path: Path) -> None:
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "self" / "mountinfo").write_bytes(LINES + b"26 x - \n\xff\n")
    mounts = read_mounts(HostRoot(tmp_path, live=False))
    assert mounts.type_at("/") == "ext4"
    assert mounts.type_at("/running") == "ext4"
    assert mounts.type_at("/run") == "tmpfs"
    assert mounts.type_at("/run/haproxy/../haproxy/a.sock") == "tmpfs"
    assert mounts.type_at("/run/with blank/x") == "ext4"
    assert mounts.type_at("/run/user/0") == "xfs"


def test_a_tree_without_mounts(tmp_path: Path) -> None:
    assert read_mounts(HostRoot(tmp_path, live=False)).type_at("/run") == ""


def test_this_host() -> None:
    assert read_mounts(HostRoot()).type_at("/proc/sys") == "proc"
