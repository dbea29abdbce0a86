import os
from pathlib import Path

import pytest

from hitless.host.machine import read_machine
from hitless.host.root import HostRoot


def write(tree: Path, path: str, text: str) -> None:
    file = tree / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_this_machine() -> None:
    machine, unknown = read_machine(HostRoot())
    assert unknown == ()
    assert machine.kernel_release == os.uname().release
    assert machine.host_name == os.uname().nodename
    assert machine.cpu_count == len(os.sched_getaffinity(0))
    assert machine.memory_total_bytes == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert machine.memory_available_bytes is not None
    assert machine.memory_available_bytes < machine.memory_total_bytes


def test_a_recorded_machine(tmp_path: Path) -> None:
    write(tmp_path, "proc/meminfo", "MemTotal:        8 kB\nMemFree: 1 kB\nMemAvailable:    4 kB\n")
    write(tmp_path, "proc/cpuinfo", "processor\t: 0\nmodel name\t: x\n\nprocessor\t: 1\n")
    write(tmp_path, "proc/sys/kernel/osrelease", "6.1.0-18-amd64\n")
    write(tmp_path, "etc/hostname", "lb1\n")
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    machine, unknown = read_machine(HostRoot(tmp_path, live=False))
    assert unknown == ()
    assert (machine.kernel_release, machine.host_name, machine.cpu_count) == ("6.1.0-18-amd64", "lb1", 2)
    assert (machine.memory_total_bytes, machine.memory_available_bytes) == (8192, 4096)
    assert machine.systemd
    assert not machine.container


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (".dockerenv", "", True),
        ("run/.containerenv", "", True),
        ("proc/1/environ", "PATH=/bin\0container=lxc\0", True),
        ("proc/1/environ", "notcontainer=1\0", False),
        ("proc/1/cgroup", "0::/docker/0123456789abcdef\n", True),
        (
            "proc/1/cgroup",
            "0::/kubepods.slice/kubepods-burstable.slice/cri-containerd-0123456789ab.scope\n",
            True,
        ),
        ("proc/1/cgroup", "9:name=systemd:/lxc.payload.web/init.scope\n", True),
        ("proc/1/cgroup", "0::/init.scope\n", False),
        ("proc/1/cgroup", "0::/\n", False),
    ],
)
def test_what_says_that_it_is_a_container(tmp_path: Path, path: str, text: str, *, expected: bool) -> None:
    write(tmp_path, path, text)
    assert read_machine(HostRoot(tmp_path, live=False))[0].container is expected


def test_a_tree_that_says_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "proc")
    machine, unknown = read_machine(HostRoot(tmp_path, live=False))
    assert (machine.cpu_count, machine.memory_total_bytes, machine.host_name) == (None, None, "")
    assert [u.what for u in unknown] == ["memory of the host"]
