import os
from pathlib import Path

import pytest

from hitless.host.control_groups import control_group_files
from hitless.host.errors import Gone
from hitless.host.root import HostRoot

UNIFIED = "35 24 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
HYBRID = """31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
33 31 0:30 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
34 31 0:31 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
"""


def tree(directory: Path, mountinfo: str, theirs: str, ours: str) -> tuple[HostRoot, Path]:
    proc = directory / "proc"
    for name, text in (("4711", theirs), (str(os.getpid()), ours)):
        (proc / name).mkdir(parents=True)
        (proc / name / "cgroup").write_text(text)
    (proc / "self").mkdir()
    (proc / "self" / "mountinfo").write_text(mountinfo)
    return HostRoot(directory, live=False), proc


@pytest.mark.parametrize(
    ("mountinfo", "theirs", "ours", "files"),
    [
        (
            UNIFIED,
            "0::/system.slice/haproxy.service\n",
            "0::/user.slice/session-1.scope\n",
            ("/sys/fs/cgroup/system.slice/haproxy.service/cgroup.procs",),
        ),
        (UNIFIED, "0::/system.slice/haproxy.service\n", "0::/system.slice/haproxy.service\n", ()),
        (
            HYBRID,
            "5:cpu,cpuacct:/a\n4:name=systemd:/system.slice/x.service\n3:pids:/p\n0::/system.slice/x.service\n",
            "5:cpu,cpuacct:/\n4:name=systemd:/\n3:pids:/\n0::/\n",
            (
                "/sys/fs/cgroup/unified/system.slice/x.service/cgroup.procs",
                "/sys/fs/cgroup/systemd/system.slice/x.service/cgroup.procs",
                "/sys/fs/cgroup/cpu,cpuacct/a/cgroup.procs",
            ),
        ),
        # In a container only its own part of the tree is mounted.
        (
            "35 24 0:27 /docker/1 /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
            "0::/docker/1/x\n",
            "0::/docker/1\n",
            ("/sys/fs/cgroup/x/cgroup.procs",),
        ),
        (
            "35 24 0:27 /docker/1 /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
            "0::/docker/2\n",
            "0::/docker/1\n",
            (),
        ),
        (UNIFIED, "0::/../other\n", "0::/\n", ()),
        ("", "0::/x\n", "0::/\n", ()),
    ],
)
def test_the_files_of_other_groups(
    tmp_path: Path, mountinfo: str, theirs: str, ours: str, files: tuple[str, ...]
) -> None:
    root, proc = tree(tmp_path, mountinfo, theirs, ours)
    assert control_group_files(4711, root, proc) == files


def test_nobody_there() -> None:
    with pytest.raises(Gone):
        control_group_files(0x7FFF_FFFF)


def test_we_are_in_our_own() -> None:
    assert control_group_files(os.getpid()) == ()
