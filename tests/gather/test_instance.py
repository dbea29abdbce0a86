import os
from pathlib import Path

from hitless.gather.instance import gather_instance
from hitless.gather.options import GatherOptions
from hitless.gather.services import Service
from hitless.host.root import HostRoot
from tests.gather.trees import make_tree


def files(root: Path, configuration: str) -> list[tuple[str, bool]]:
    service = Service(configuration=configuration)
    gathering = gather_instance(service, HostRoot(root, live=False), GatherOptions())
    assert {u.instance for u in gathering.unknown} == {configuration}
    return [(f.path, bool(f.problem)) for f in gathering.instance.configuration]


def test_a_directory_stands_for_its_files_in_byte_order(tmp_path: Path) -> None:
    folder = make_tree(tmp_path) / "etc/haproxy/conf.d"
    folder.mkdir()
    for name in ("b.cfg", "B.cfg", ".x.cfg", "a.txt", "c.cfg.cfg"):
        (folder / name).write_text("global\n")
    (folder / "gone.cfg").symlink_to("nowhere")
    assert files(tmp_path, "/etc/haproxy/conf.d") == [
        ("/etc/haproxy/conf.d/B.cfg", False),
        ("/etc/haproxy/conf.d/b.cfg", False),
        ("/etc/haproxy/conf.d/gone.cfg", True),
    ]


def test_what_cannot_be_read_has_its_problem(tmp_path: Path) -> None:
    make_tree(tmp_path)
    os.mkfifo(tmp_path / "etc/pipe.cfg")
    assert files(tmp_path, "/etc/pipe.cfg") == [("/etc/pipe.cfg", True)]
    assert files(tmp_path, "/etc/missing.cfg") == [("/etc/missing.cfg", True)]


def test_a_link_of_a_tree_stays_in_it(tmp_path: Path) -> None:
    root = make_tree(tmp_path)
    (root / "etc/link.cfg").symlink_to("/etc/haproxy/haproxy.cfg")
    assert files(root, "/etc/link.cfg") == [("/etc/link.cfg", False)]
