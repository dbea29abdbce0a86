from pathlib import Path

import pytest

from hitless.control.errors import CouldNotAsk
from hitless.gather.program import find_program, read_program

SCRIPT = """#!/bin/sh
case $1 in
-vv) echo "HAProxy version 2.8.1 x"; echo "Feature list : +OPENSSL -QUIC";;
*) printf '# List of registered configuration keywords:\\nglobal\\n\\tgrace\\n';;
esac
"""


def make(path: Path) -> str:
    path.write_text(SCRIPT)
    path.chmod(0o700)
    return str(path)


def test_a_program_that_was_named(tmp_path: Path) -> None:
    binary, unknown = find_program(make(tmp_path / "haproxy"))
    assert binary is not None
    assert not unknown
    assert (binary.version, binary.features, binary.keywords) == ((2, 8, 1), ("OPENSSL",), ("global grace",))


def test_the_program_of_a_process_has_the_name_that_people_know(tmp_path: Path) -> None:
    path = make(tmp_path / "exe")
    binary, _ = read_program(path, name="/usr/sbin/haproxy")
    assert binary is not None
    assert (binary.path, binary.source) == ("/usr/sbin/haproxy", f"{path} -vv")


def test_none_is_unknown_unless_it_was_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(CouldNotAsk):
        find_program(str(tmp_path / "none"))
    binary, unknown = read_program("/bin/true")
    assert binary is None
    assert "is no HAProxy" in unknown[0].why
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("hitless.control.binary._SYSTEM_DIRECTORIES", str(tmp_path))
    binary, unknown = find_program()
    assert binary is None
    assert "--haproxy-version" in unknown[0].why
