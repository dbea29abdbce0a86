import os
from pathlib import Path

import pytest

from hitless.facts import Process, Role
from hitless.host.haproxy_processes import group_instances, read_haproxy_processes
from hitless.host.root import HostRoot

STATUS = "Name:\t{name}\nState:\tS (sleeping)\nPPid:\t{parent}\nUid:\t99\t99\t99\t99\nThreads:\t2\nVmRSS:\t 10 kB\n"


def record(
    tree: Path, pid: int, words: str, *, parent: int = 1, start_ticks: int = 100, name: str = "haproxy"
) -> Path:
    directory = tree / "proc" / str(pid)
    (directory / "fd").mkdir(parents=True)
    (directory / "ns").mkdir()
    (directory / "ns" / "net").write_text("")
    (directory / "cmdline").write_bytes(b"".join(w.encode() + b"\0" for w in words.split()))
    (directory / "status").write_text(STATUS.format(name=name, parent=parent))
    fields = ["S", str(parent), *["0"] * 9, "150", "50", *["0"] * 6, str(start_ticks), *["0"] * 20]
    (directory / "stat").write_text(f"{pid} ({name}) {' '.join(fields)}\n")
    (directory / "limits").write_text(
        "Max open files            1024                 4096                 files\n"
    )
    (directory / "cgroup").write_text("0::/system.slice/haproxy.service\n")
    (directory / "exe").symlink_to("/usr/sbin/haproxy")
    (directory / "root").symlink_to("/var/lib/haproxy")
    (directory / "fd" / "3").symlink_to("socket:[7]")
    return directory


def read(tree: Path) -> dict[int, Process]:
    root = HostRoot(tree, live=False)
    return {p.pid: p for p in read_haproxy_processes(root, ticks_per_s=100, now_since_boot_s=61.0)[0]}


def test_a_recorded_process(tmp_path: Path) -> None:
    record(tmp_path, 10, "/usr/sbin/haproxy -Ws -f /etc/haproxy.cfg")
    record(tmp_path, 11, "/usr/sbin/haproxy -Ws -f /etc/haproxy.cfg", parent=10)
    found = read(tmp_path)
    assert found[10].role is Role.MASTER
    worker = found[11]
    assert worker.role is Role.WORKER
    assert (worker.age_s, worker.cpu_s, worker.uid, worker.threads) == (60.0, 2.0, 99, 2)
    assert (worker.descriptors, worker.descriptor_limit, worker.resident_bytes) == (1, 1024, 10240)
    assert (worker.unit, worker.root, worker.executable) == (
        "haproxy.service",
        "/var/lib/haproxy",
        "/usr/sbin/haproxy",
    )
    assert worker.listening_inodes is None
    assert not worker.executable_replaced


def test_the_age_in_a_tree_counts_from_its_recording(tmp_path: Path) -> None:
    record(tmp_path, 10, "haproxy -f x")
    (tmp_path / "proc" / "uptime").write_text("31.50 1.00\n")
    found, _ = read_haproxy_processes(HostRoot(tmp_path, live=False), ticks_per_s=100)
    assert found[0].age_s == pytest.approx(30.5)
    (tmp_path / "proc" / "uptime").write_text("")
    found, _ = read_haproxy_processes(HostRoot(tmp_path, live=False), ticks_per_s=100)
    assert found[0].age_s == 0


def test_a_replaced_binary(tmp_path: Path) -> None:
    directory = record(tmp_path, 10, "/usr/sbin/haproxy -f x")
    (directory / "exe").unlink()
    (directory / "exe").symlink_to("/usr/sbin/haproxy (deleted)")
    assert read(tmp_path)[10].executable_replaced


def test_a_binary_that_was_moved_away_for_another(tmp_path: Path) -> None:
    directory = record(tmp_path, 10, "/usr/sbin/haproxy -f x")
    (tmp_path / "usr" / "sbin").mkdir(parents=True)
    (tmp_path / "usr" / "sbin" / "haproxy").write_bytes(b"\x7fELF new")
    (tmp_path / "usr" / "sbin" / "haproxy.old").write_bytes(b"\x7fELF old")
    (directory / "exe").unlink()
    (directory / "exe").symlink_to("/usr/sbin/haproxy.old")
    (directory / "ns" / "mnt").symlink_to("mnt:[1]")
    (tmp_path / "proc" / "self" / "ns").mkdir(parents=True)
    (tmp_path / "proc" / "self" / "ns" / "mnt").symlink_to("mnt:[1]")
    assert read(tmp_path)[10].executable_replaced
    (tmp_path / "usr" / "sbin" / "haproxy").write_text("#!/bin/sh\nexec -a haproxy /usr/sbin/haproxy.old\n")
    assert not read(tmp_path)[10].executable_replaced


def test_kernel_threads_zombies_and_others_are_left_out(tmp_path: Path) -> None:
    record(tmp_path, 2, "", name="kthreadd")
    record(tmp_path, 10, "", name="haproxy")
    other = record(tmp_path, 11, "/bin/sh /usr/sbin/haproxy-reload -f x", name="haproxy-reload")
    (other / "exe").unlink()
    (other / "exe").symlink_to("/usr/bin/dash")
    assert read(tmp_path) == {}


@pytest.mark.parametrize(
    "missing", ["cmdline", "stat", "status", "exe", "limits", "cgroup", "root", "ns/net"]
)
def test_a_process_that_ends_while_it_is_read(tmp_path: Path, missing: str) -> None:
    (record(tmp_path, 10, "/usr/sbin/haproxy -f x") / missing).unlink()
    found, unknown = read_haproxy_processes(HostRoot(tmp_path, live=False))
    assert len(found) == (missing not in {"cmdline", "stat", "status"})
    assert [u.what for u in unknown] == (["the binary of HAProxy process 10"] if missing == "exe" else [])


@pytest.mark.parametrize("content", [b"", b"\n\0\xff\0", b"10 (x) S", b"\xff" * 100_000])
@pytest.mark.parametrize("name", ["cmdline", "stat", "status", "limits", "cgroup"])
def test_nonsense_in_proc_never_raises(tmp_path: Path, name: str, content: bytes) -> None:
    directory = record(tmp_path, 10, "/usr/sbin/haproxy -f x")
    (directory / name).write_bytes(content)
    (tmp_path / "proc" / "١٢").mkdir()
    (tmp_path / "proc" / ("9" * 200)).mkdir()
    (tmp_path / "proc" / "a\nb").mkdir()
    read_haproxy_processes(HostRoot(tmp_path, live=False))


def test_special_files_in_proc_are_not_waited_for(tmp_path: Path) -> None:
    directory = record(tmp_path, 10, "/usr/sbin/haproxy -f x")
    for name in ("limits", "cgroup"):
        (directory / name).unlink()
        os.mkfifo(directory / name)
    (directory / "exe").unlink()
    (directory / "exe").write_text("no link")
    found, unknown = read_haproxy_processes(HostRoot(tmp_path, live=False))
    assert found == ()
    assert unknown[0].what == "further HAProxy processes"


def test_no_proc_at_all_is_said(tmp_path: Path) -> None:
    found, unknown = read_haproxy_processes(HostRoot(tmp_path, live=False))
    assert found == ()
    assert unknown[0].what == "HAProxy's processes"


def test_words_with_any_bytes_can_be_written_down(tmp_path: Path) -> None:
    directory = record(tmp_path, 10, "")
    (directory / "cmdline").write_bytes(b"haproxy\0-f\0/etc/\xff\n.cfg\0")
    found = read(tmp_path)
    assert found[10].arguments == ("haproxy", "-f", "/etc/\\xff\n.cfg")
    assert [[p.pid for p in group] for group in group_instances(found.values())] == [[10]]


def test_without_proc_nobody_says_that_there_are_none(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    processes, unknown = read_haproxy_processes(HostRoot(tmp_path, live=True))
    assert processes == ()
    assert [u.what for u in unknown] == ["HAProxy's processes"]
