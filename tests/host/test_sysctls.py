import os
from pathlib import Path

import pytest

from hitless.host.root import HostRoot
from hitless.host.sysctls import SETTINGS, read_sysctl_files, read_sysctls


def write(tree: Path, path: str, text: str) -> Path:
    file = tree / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_this_kernel_says_what_proc_says() -> None:
    found, unknown = read_sysctls(HostRoot())
    values = {s.name: s.value for s in found}
    assert unknown == ()
    assert values["net.core.somaxconn"] == Path("/proc/sys/net/core/somaxconn").read_text().strip()
    low, high = values["net.ipv4.ip_local_port_range"].split(" ")
    assert int(low) < int(high)
    assert set(values) <= set(SETTINGS)


def test_settings_that_a_kernel_has_not_are_left_out_and_others_said(tmp_path: Path) -> None:
    write(tmp_path, "proc/sys/fs/file-max", "9223372036854775807\n")
    os.mkfifo(tmp_path / "proc/sys/fs/nr_open")
    found, unknown = read_sysctls(HostRoot(tmp_path, live=False))
    assert [(s.name, s.value, s.source) for s in found] == [
        ("fs.file-max", "9223372036854775807", "/proc/sys/fs/file-max")
    ]
    assert [u.what for u in unknown] == ["kernel setting fs.nr_open"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("net.core.somaxconn=1", True),
        (" net.core.somaxconn = 1", True),
        ("-net/core/somaxconn = 1", True),
        ("net.core.* = 1", True),
        ("# net.core.somaxconn = 1", False),
        ("; net.core.somaxconn = 1", False),
        ("net.core.somaxconn", False),
        ("net.core.rmem_max = 1", False),
        ("[ = ]", False),
    ],
)
def test_lines_that_set_something(tmp_path: Path, line: str, *, expected: bool) -> None:
    write(tmp_path, "etc/sysctl.d/10.conf", f"# comment\n{line}\n")
    files, _ = read_sysctl_files(HostRoot(tmp_path, live=False))
    assert bool(files) is expected


def test_files_in_the_order_in_which_they_apply(tmp_path: Path) -> None:
    for path in ("usr/lib/sysctl.d/10-a.conf", "etc/sysctl.d/50-b.conf", "usr/lib/sysctl.d/50-b.conf"):
        write(tmp_path, path, "fs.nr_open = 1\n")
    write(tmp_path, "run/sysctl.d/20.conf", "fs.nr_open = 1\n")
    write(tmp_path, "etc/sysctl.d/README", "fs.nr_open = 1\n")
    write(tmp_path, "etc/sysctl.conf", "fs.nr_open = 1\n")
    (tmp_path / "etc/sysctl.d/20.conf").symlink_to("/dev/null")
    write(tmp_path, "dev/null", "").unlink()
    os.mkfifo(tmp_path / "dev/null")
    files, unknown = read_sysctl_files(HostRoot(tmp_path, live=False))
    assert [f.path for f in files] == [
        "/usr/lib/sysctl.d/10-a.conf",
        "/etc/sysctl.d/50-b.conf",
        "/etc/sysctl.conf",
    ]
    assert unknown == ()


def test_sysctl_conf_counts_once_where_it_is_linked(tmp_path: Path) -> None:
    write(tmp_path, "etc/sysctl.conf", "fs.nr_open = 1\n")
    (tmp_path / "etc/sysctl.d").mkdir()
    (tmp_path / "etc/sysctl.d/99-sysctl.conf").symlink_to("../sysctl.conf")
    files, _ = read_sysctl_files(HostRoot(tmp_path, live=False))
    assert [f.path for f in files] == ["/etc/sysctl.d/99-sysctl.conf"]


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "etc/sysctl.d/x.conf").mkdir(parents=True)
    files, unknown = read_sysctl_files(HostRoot(tmp_path, live=False))
    assert files == ()
    assert unknown[0].what == "kernel settings in /etc/sysctl.d/x.conf"
