from pathlib import Path

import pytest

from hitless.host.root import HostRoot
from hitless.host.script_reader import LIMIT_BYTES, ScriptReader, code_of, names_haproxy


@pytest.mark.parametrize(
    ("line", "code"),
    [
        *(
            ("  # a", ""),
            ("; a", ""),
            ("// a", ""),
            ("a # b", "a "),
            ("a#b", "a#b"),
            ("#!/bin/sh", "#!/bin/sh"),
        ),
        ("echo ${#x} $# # c", "echo ${#x} $# "),
    ],
)
def test_code(line: str, code: str) -> None:
    assert code_of(line) == code


def test_naming() -> None:
    assert names_haproxy("a\nservice HAProxy restart")
    assert not names_haproxy("# haproxy\ntrue")


def test_reading_within_bounds(tmp_path: Path) -> None:
    (tmp_path / "long").write_text("haproxy\n" + "x" * LIMIT_BYTES, encoding="utf-8")
    (tmp_path / "binary").write_bytes(b"\x7fELF\x00haproxy")
    (tmp_path / "latin").write_bytes(b"haproxy \xe4")
    reader = ScriptReader(HostRoot(tmp_path, live=False))
    assert reader.take("/long", "script")
    assert reader.scripts["/long"].truncated
    assert not reader.take("/binary", "script")
    assert not reader.take("/none", "script")
    assert not reader.take("/", "script")
    assert reader.take("/latin", "script")
    assert reader.scripts["/latin"].text == r"haproxy \xe4"
    assert reader.unknown == []


def test_what_cannot_be_read_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    reader = ScriptReader(HostRoot(tmp_path, live=False))
    for _ in range(2):
        assert not reader.take("/loop", "script")
    assert [u.what for u in reader.unknown] == ["script /loop"]
