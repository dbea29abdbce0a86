import json
import os
from pathlib import Path

import jsonschema
import pytest

from hitless.errors import UsageError
from hitless.facts import Instance, Launch, Snapshot, Unknown
from hitless.gather.document import (
    json_schema,
    read_snapshot_file,
    render_snapshot,
    rfc3339_now,
    settle,
)

SCHEMA = Path(__file__).parents[2] / "docs" / "json-schema" / "snapshot-1.json"


def make(name: str = "haproxy.service") -> Snapshot:
    launch = Launch(arguments=("haproxy", "-f", name), source="/proc/1/cmdline")
    return Snapshot(
        tool_version="1",
        taken_at=rfc3339_now(),
        instances=(Instance(name=name, launch=launch),),
        unknown=(Unknown(what="x", why="y"),),
    )


def test_published_schema_is_current() -> None:
    assert json.loads(SCHEMA.read_text()) == json_schema(), (
        "write it again: python -m tests.gather.test_document"
    )


def test_a_document_validates_and_reads_back(tmp_path: Path) -> None:
    snapshot = make()
    text = render_snapshot(snapshot)
    jsonschema.validate(json.loads(text), json_schema(), cls=jsonschema.Draft202012Validator)
    (tmp_path / "s.json").write_text(text)
    assert read_snapshot_file(str(tmp_path / "s.json")) == snapshot == settle(snapshot)


def test_bytes_that_are_no_text_are_written_out() -> None:
    snapshot = settle(make(os.fsdecode(b"/etc/\xe9.cfg")))
    assert snapshot.instances[0].name == r"/etc/\xe9.cfg"
    assert snapshot == settle(snapshot)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is no snapshot"),
        (b"\x00\xff", "is no snapshot"),
        (b"[]", "is no snapshot"),
        (b"{}", "is no snapshot"),
        (b'{"schema": 1, "verdict": {}}', "is no snapshot"),
        (b'{"taken_at": "x", "format": 2}', "format 2"),
        (b'{"taken_at": "x"}', "is no snapshot"),
        (b'{"taken_at": "x", "tool_version": "1", "instances": 3}', "is no snapshot"),
        (b"[" * 100_000, "is no snapshot"),
    ],
)
def test_what_is_no_snapshot_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "s.json").write_bytes(data)
    with pytest.raises(UsageError, match=message):
        read_snapshot_file(str(tmp_path / "s.json"))


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing", tmp_path, Path("/dev/zero")):
        with pytest.raises(UsageError, match=r"the snapshot|is a device") as caught:
            read_snapshot_file(str(path))
        assert "hitless snapshot" in caught.value.hint


if __name__ == "__main__":
    SCHEMA.write_text(json.dumps(json_schema(), indent=2) + "\n")


@pytest.mark.parametrize(
    "data",
    [
        b'{"tool_version":"\xff","taken_at":"x","instances":[]}',
        b'{"tool_version":"x","taken_at":"x","instances":[{"name":"' + b"a" * 100_000 + b'"}]}',
    ],
)
def test_bytes_and_names_that_nobody_wrote_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "s.json"
    path.write_bytes(data)
    with pytest.raises(UsageError, match="is no snapshot of hitless"):
        read_snapshot_file(str(path))
