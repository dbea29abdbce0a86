import os
import socket
from pathlib import Path

import pytest

from hitless.host.root import Denied, Gone, HostError, HostRoot, kind_of, printable


@pytest.fixture(params=["tree", "host"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> HostRoot:
    """A tree, and the whole host with the tree's path before every path: both must answer alike."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "text").write_text("one\ntwo\n")
    return HostRoot(tmp_path, live=False) if request.param == "tree" else HostRoot()


def at(root: HostRoot, tmp_path: Path, path: str) -> str:
    return path if root.path == tmp_path else f"{tmp_path}{path}"


def test_a_file_is_read_up_to_its_bound(root: HostRoot, tmp_path: Path) -> None:
    text = at(root, tmp_path, "/etc/text")
    assert root.read_bytes(text, limit_bytes=8) == (b"one\ntwo\n", False)
    assert root.read_bytes(text, limit_bytes=7) == (b"one\ntwo", True)
    assert root.read_bytes(text, limit_bytes=0) == (b"", True)
    assert root.read_text(text, limit_bytes=100).text == "one\ntwo\n"


def test_bytes_that_are_no_text_are_written_out(root: HostRoot, tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"caf\xe9\r\n")
    found = root.read_text(at(root, tmp_path, "/latin"), limit_bytes=100)
    assert found.text == "caf\\xe9\r\n"
    assert not found.truncated


def test_what_is_missing_is_gone(root: HostRoot, tmp_path: Path) -> None:
    for path in ("/nothing", "/etc/text/below", "/no/where"):
        with pytest.raises(Gone):
            root.read_bytes(at(root, tmp_path, path), limit_bytes=1)
        with pytest.raises(Gone):
            root.names(at(root, tmp_path, path))
        assert not root.exists(at(root, tmp_path, path))


def test_what_is_no_file_is_not_read_and_nothing_waits(root: HostRoot, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "sock"))
    kinds = {"/pipe": "fifo", "/sock": "socket", "/etc": "directory"}
    for path, kind in kinds.items():
        with pytest.raises(HostError, match=f"it is a {kind}"):
            root.read_bytes(at(root, tmp_path, path), limit_bytes=1)
        assert kind_of(root.stat(at(root, tmp_path, path))) == kind


def test_a_device_is_not_opened() -> None:
    with pytest.raises(HostError, match="is not a file"):
        HostRoot().read_bytes("/dev/zero", limit_bytes=1)


def test_names_are_sorted_and_bounded(root: HostRoot, tmp_path: Path) -> None:
    for name in ("b", "a\nb", "c"):
        (tmp_path / "etc" / name).touch()
    assert root.names(at(root, tmp_path, "/etc")) == ["a\nb", "b", "c", "text"]
    assert len(root.names(at(root, tmp_path, "/etc"), limit=2)) == 2
    with pytest.raises(Gone):
        root.names(at(root, tmp_path, "/etc/text"))


def test_a_loop_of_links_is_an_error(root: HostRoot, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(HostError, match="symbolic links"):
        root.read_bytes(at(root, tmp_path, "/loop"), limit_bytes=1)


def test_links_are_followed_unless_told_not_to(root: HostRoot, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("etc/text")
    link = at(root, tmp_path, "/link")
    assert root.read_bytes(link, limit_bytes=3)[0] == b"one"
    assert kind_of(root.stat(link)) == "file"
    assert kind_of(root.stat(link, follow=False)) == "symbolic link"
    assert root.read_link(link) == "etc/text"
    with pytest.raises(HostError, match="symbolic link"):
        root.read_bytes(link, limit_bytes=3, follow=False)


def test_links_of_a_tree_stay_in_the_tree(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "etc" / "deep").mkdir(parents=True)
    (tmp_path / "secret").write_text("outside")
    (tree / "secret").write_text("inside")
    (tree / "etc" / "absolute").symlink_to("/secret")
    (tree / "etc" / "up").symlink_to("../../../../secret")
    (tree / "etc" / "here").symlink_to("/etc/deep")
    (tree / "etc" / "deep" / "again").symlink_to("../absolute")
    (tree / "etc" / "outside").symlink_to(tmp_path / "secret")
    root = HostRoot(tree, live=False)
    for path in (
        "/etc/absolute",
        "/etc/up",
        "/etc/here/again",
        "../secret",
        "/../../secret",
        "etc/./deep//again",
    ):
        assert root.read_text(path, limit_bytes=10).text == "inside", path
    assert not root.exists("/etc/outside")
    assert root.names("/etc/here") == ["again"]
    assert root.names("/") == ["etc", "secret"]
    assert kind_of(root.stat("/..")) == "directory"


def test_a_path_that_cannot_be_one_is_an_error(root: HostRoot) -> None:
    for path in ("/a\0b", "/\ud800", "/" + "x" * 5000):
        with pytest.raises(HostError):
            root.read_bytes(path, limit_bytes=1)


def test_the_root_of_a_tree_may_be_missing(tmp_path: Path) -> None:
    with pytest.raises(Gone):
        HostRoot(tmp_path / "none", live=False).names("/")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_denied(root: HostRoot, tmp_path: Path) -> None:
    (tmp_path / "closed").write_text("x")
    (tmp_path / "closed").chmod(0)
    with pytest.raises(Denied):
        root.read_bytes(at(root, tmp_path, "/closed"), limit_bytes=1)


def test_names_with_any_bytes_can_be_printed(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9\nx")
    (tmp_path / name).touch()
    assert HostRoot(tmp_path, live=False).exists(f"/{name}")
    assert printable(name) == "caf\\xe9\nx"
    assert printable("\ud800") == "\\ud800"
    assert printable("café") == "café"


def test_the_real_path_also_of_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "run").symlink_to("/run")
    (tmp_path / "var" / "loop").symlink_to("loop")
    root = HostRoot(tmp_path, live=False)
    assert root.real_path("/var/run/haproxy/x.sock") == "/run/haproxy/x.sock"
    assert root.real_path("/var/../var/run") == "/run"
    assert root.real_path("/") == "/"
    with pytest.raises(HostError):
        root.real_path("/var/loop/x")
    assert HostRoot().real_path(f"{tmp_path}/none/x") == f"{tmp_path.resolve()}/none/x"
