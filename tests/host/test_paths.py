import os
import socket
from pathlib import Path

from hitless.facts import PathFact
from hitless.host.paths import read_paths
from hitless.host.root import HostRoot


def read(tree: Path, *paths: str) -> dict[str, PathFact]:
    facts, _ = read_paths(HostRoot(tree, live=False), paths, now_s=2000.0)
    return {fact.path: fact for fact in facts}


def test_what_stands_there_and_at_its_directory(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "passwd").write_text(f"me:x:{os.getuid()}:{os.getgid()}\n")
    (tmp_path / "etc" / "group").write_text(f"us:x:{os.getgid()}:\n")
    certificate = tmp_path / "etc" / "a.pem"
    certificate.write_text("12345")
    certificate.chmod(0o640)
    os.utime(certificate, (1500, 1500))
    found = read(tmp_path, "/etc/a.pem")
    assert set(found) == {"/etc", "/etc/a.pem"}
    fact = found["/etc/a.pem"]
    assert (fact.kind, fact.mode, fact.size_bytes, fact.modified_age_s) == ("file", 0o640, 5, 500.0)
    assert (fact.uid, fact.gid, fact.owner, fact.group) == (os.getuid(), os.getgid(), "me", "us")
    assert (found["/etc"].kind, found["/etc"].entries) == ("directory", 3)


def test_each_kind(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "dead").symlink_to("nowhere")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "sock"))
        found = read(tmp_path, "/fifo", "/loop", "/dead", "/sock", "/a/b/", "/\0", "relative")
    kinds = {path: fact.kind for path, fact in found.items()}
    assert kinds == {
        "/": "directory",
        "/fifo": "fifo",
        "/loop": "unreadable",
        "/dead": "missing",
        "/sock": "socket",
        "/a/b/": "missing",
        "/a": "missing",
        "/\0": "unreadable",
    }


def test_why_something_is_unreadable_is_said(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    _, unknown = read_paths(HostRoot(tmp_path, live=False), ["/loop"])
    assert [u.what for u in unknown] == ["what stands at /loop"]
    assert "symbolic links" in unknown[0].why


def test_the_file_system_also_of_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "proc" / "self").mkdir(parents=True)
    lines = "1 0 8:1 / / rw - ext4 x rw\n2 1 0:5 / /run rw - tmpfs x rw\n"
    (tmp_path / "proc" / "self" / "mountinfo").write_text(lines)
    (tmp_path / "run").mkdir()
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "run").symlink_to("/run")
    found = read(tmp_path, "/var/run/haproxy/admin.sock", "/var/lib/x")
    assert found["/var/run/haproxy/admin.sock"].filesystem == "tmpfs"
    assert found["/var/run/haproxy"].filesystem == "tmpfs"
    assert found["/var/lib/x"].filesystem == "ext4"


def test_the_live_host_agrees_with_stat() -> None:
    before = len(list(Path("/etc").iterdir()))
    facts, unknown = read_paths(HostRoot(), ["/proc/self/status", "/etc/passwd"])
    found = {fact.path: fact for fact in facts}
    assert unknown == ()
    assert found["/proc/self/status"].filesystem == "proc"
    assert found["/etc/passwd"].mode == Path("/etc/passwd").stat().st_mode & 0o7777
    assert found["/etc/passwd"].owner == Path("/etc/passwd").owner()
    # Another test may make a file there meanwhile.
    assert found["/etc"].entries in {before, len(list(Path("/etc").iterdir()))}
