from pathlib import Path

from hitless.gather.document import render_snapshot
from hitless.gather.options import GatherOptions
from hitless.gather.snapshot import gather_snapshot
from tests.gather.trees import make_tree


def test_a_host_files_or_a_document(tmp_path: Path) -> None:
    root = make_tree(tmp_path / "root")
    configuration = root / "etc/haproxy/haproxy.cfg"
    of_host = gather_snapshot(GatherOptions(root=str(root)))
    of_files = gather_snapshot(GatherOptions(files=(str(configuration),)))
    assert of_host.host is not None
    assert of_files.host is None
    (tmp_path / "s.json").write_text(render_snapshot(of_host))
    assert gather_snapshot(GatherOptions(snapshot=str(tmp_path / "s.json"))) == of_host
