import json
import stat
from pathlib import Path

from tests.cli.commands import hitless


def test_it_writes_a_document_for_its_owner_alone(tmp_path: Path) -> None:
    (tmp_path / "a.cfg").write_text("global\n")
    target = tmp_path / "s.json"
    done = hitless("snapshot", str(tmp_path / "a.cfg"), "--haproxy-version", "2.8", "-o", str(target))
    assert (done.status, done.stdout, done.stderr) == (0, "", "")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    again = hitless("snapshot", "--snapshot", str(target))
    assert json.loads(again.stdout) == json.loads(target.read_text())


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    done = hitless("snapshot", str(tmp_path / "none.cfg"))
    assert done.status == 2
    assert "No such file" in done.stderr
    assert hitless("snapshot", "--root", str(tmp_path)).status == 2
