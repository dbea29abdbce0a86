from pathlib import Path

import pytest

from hitless.audit.engine import audit
from hitless.audit.table import MODULES, load_rule
from hitless.errors import ConfigError
from hitless.facts import RunMode
from hitless.gather import GatherOptions, gather_snapshot
from hitless.gather.document import read_snapshot_file, render_snapshot

CONFIGURATION = "global\n    master-worker\ndefaults\n    mode http\nfrontend f\n    bind :80\n"
UNIT = "[Service]\nExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg\n"


def gather(*files: Path, **options: object) -> GatherOptions:
    return GatherOptions(files=tuple(map(str, files)), haproxy_version=(2, 8, 0), **options)  # type: ignore[arg-type]


def test_the_mode_is_what_the_configuration_says(tmp_path: Path) -> None:
    (tmp_path / "a.cfg").write_text(CONFIGURATION)
    instance = gather_snapshot(gather(tmp_path / "a.cfg")).instances[0]
    assert instance.mode is RunMode.MASTER_WORKER
    assert instance.mode_source == f"master-worker at {tmp_path}/a.cfg:2"
    assert instance.assumed_version == (2, 8, 0)
    assert instance.binary is None


def test_without_any_sign_the_mode_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "a.cfg").write_text("global\n    # master-worker\n")
    assert gather_snapshot(gather(tmp_path / "a.cfg")).instances[0].mode is RunMode.UNKNOWN


def test_a_unit_file_says_how_it_is_started(tmp_path: Path) -> None:
    (tmp_path / "a.cfg").write_text("global\n")
    (tmp_path / "haproxy.service").write_text(UNIT)
    drop_ins = tmp_path / "haproxy.service.d"
    drop_ins.mkdir()
    (drop_ins / "x.conf").write_text("[Service]\nKillMode=mixed\n")
    unit = tmp_path / "haproxy.service"
    instance = gather_snapshot(gather(tmp_path / "a.cfg", unit_file=str(unit))).instances[0]
    assert instance.mode is RunMode.MASTER_WORKER
    assert instance.unit is not None
    assert instance.unit.kill_mode == "mixed"


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        gather_snapshot(gather(tmp_path / "missing.cfg"))


@pytest.mark.parametrize(
    "data", [b"", b"\x00\xff\xfe" * 100, "global # é".encode("latin-1"), b"global\r\n  x"]
)
def test_the_document_audits_as_the_files_do(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.cfg").write_bytes(data)
    snapshot = gather_snapshot(gather(tmp_path / "a.cfg"))
    (tmp_path / "s.json").write_text(render_snapshot(snapshot))
    again = read_snapshot_file(str(tmp_path / "s.json"))
    rules = [load_rule(code) for code in MODULES]
    assert audit(again, rules) == audit(snapshot, rules)
