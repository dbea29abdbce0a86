from pathlib import Path

from hitless.host.root import HostRoot
from hitless.host.tmpfiles import configuration_files, read_tmpfiles


def write(directory: Path, path: str, text: str) -> None:
    target = directory / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


def test_the_files_that_matter_in_their_order(tmp_path: Path) -> None:
    write(tmp_path, "usr/lib/tmpfiles.d/haproxy.conf", "d /run/haproxy 2775 haproxy haproxy -\n")
    write(tmp_path, "etc/tmpfiles.d/haproxy.conf", "d /run/haproxy 0755 haproxy haproxy -\n")
    write(tmp_path, "etc/tmpfiles.d/a.conf", 'd "/var/run/lb" 0755 root root -\n')
    write(tmp_path, "usr/lib/tmpfiles.d/b.conf", "# haproxy\nd /run/other 0755 root root -\n")
    write(tmp_path, "usr/lib/tmpfiles.d/c.txt", "d /run/haproxy\n")
    files, unknown = read_tmpfiles(HostRoot(tmp_path, live=False), ["/run/lb/"])
    assert [f.path for f in files] == ["/etc/tmpfiles.d/a.conf", "/etc/tmpfiles.d/haproxy.conf"]
    assert unknown == []


def test_a_mask_hides(tmp_path: Path) -> None:
    write(tmp_path, "usr/lib/tmpfiles.d/haproxy.conf", "d /run/haproxy\n")
    (tmp_path / "etc/tmpfiles.d").mkdir(parents=True)
    (tmp_path / "etc/tmpfiles.d/haproxy.conf").symlink_to("/dev/null")
    assert read_tmpfiles(HostRoot(tmp_path, live=False)) == ((), [])


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "etc/tmpfiles.d/haproxy.conf").mkdir(parents=True)
    (tmp_path / "run").mkdir()
    (tmp_path / "run/tmpfiles.d").symlink_to("tmpfiles.d")
    files, unknown = read_tmpfiles(HostRoot(tmp_path, live=False))
    assert files == ()
    assert [u.what for u in unknown] == [
        "files in /run/tmpfiles.d",
        "tmpfiles.d file /etc/tmpfiles.d/haproxy.conf",
    ]


def test_configuration_files_of_nothing(tmp_path: Path) -> None:
    assert configuration_files(HostRoot(tmp_path, live=False), ["/etc/x.d"], []) == []
