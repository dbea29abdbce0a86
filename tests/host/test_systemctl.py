from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.host import systemctl
from hitless.host.errors import HostError
from hitless.host.systemctl import ShownCommand, ask_systemctl, list_services, parse_commands, parse_show

SHOWN = """\
Type=notify
MainPID=35
ExecReload={ path=/usr/sbin/haproxy ; argv[]=/usr/sbin/haproxy -Ws -f $CONFIG -c -q $EXTRAOPTS ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }
ExecReload={ path=/bin/sh ; argv[]=/bin/sh -c a ; b ; ignore_errors=yes ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }
ExecStart={ path=/x ; argv[]=/x ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }
ExecStartEx={ path=/x ; argv[]=/x ; flags=ignore-failure privileged no-env-expand ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }
StatusText=a=b
"""  # noqa: E501 - as systemctl prints it


def fake(directory: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    program = directory / "systemctl"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory}:/usr/bin:/bin")


def test_properties_and_commands() -> None:
    properties = parse_show(SHOWN)
    assert properties["MainPID"] == ["35"]
    assert properties["StatusText"] == ["a=b"]
    assert parse_commands(properties, "ExecReload") == [
        ShownCommand("/usr/sbin/haproxy", ("-Ws", "-f", "$CONFIG", "-c", "-q", "$EXTRAOPTS"), ""),
        ShownCommand("/bin/sh", ("-c", "a", ";", "b"), "-"),
    ]
    assert parse_commands(properties, "ExecStart") == [ShownCommand("/x", (), "-+:")]
    assert parse_commands({"ExecStart": ["nonsense"]}, "ExecStart") == []


def test_services_of_both_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = """
    case "$*" in
    *list-units*) echo 'haproxy.service loaded active running X'; echo '● haproxy@a.service loaded failed running X';;
    *) echo 'haproxy.service enabled enabled'; echo 'haproxy@.service static -'; echo 'haproxy.socket disabled -';;
    esac"""
    fake(tmp_path, monkeypatch, script)
    assert list_services(("haproxy*",)) == ["haproxy.service", "haproxy@a.service"]


@pytest.mark.parametrize(
    "complaint",
    [
        "System has not been booted with systemd as init system (PID 1). Can't operate.",
        "Failed to connect to bus: No such file or directory",
    ],
)
def test_without_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, complaint: str) -> None:
    fake(tmp_path, monkeypatch, f'echo "{complaint}" >&2; exit 1')
    with pytest.raises(HostError) as raised:
        ask_systemctl("show")
    assert complaint in raised.value.message


def test_without_systemctl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(HostError, match="not installed"):
        ask_systemctl("show")


def test_one_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, monkeypatch, "exec tail -f /dev/null")
    monkeypatch.setattr(systemctl, "TIMEOUT_S", 0.2)
    with pytest.raises(HostError, match="did not end"):
        ask_systemctl("show")


@given(
    st.lists(
        st.sampled_from(
            ["ExecStart", "=", "{ path=", " ; argv[]=", " ; ignore_errors=", " ; start_time=", "\n", "x"]
        )
    )
)
def test_any_answer(pieces: list[str]) -> None:
    parse_commands(parse_show("".join(pieces)), "ExecStart")


def test_the_working_directory_is_no_place_for_systemctl(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    monkeypatch.setattr("shutil.which", lambda _, path: looked.append(path))
    for path in ("", ".", ":"):
        monkeypatch.setenv("PATH", path)
        with pytest.raises(HostError):
            ask_systemctl("show")
    assert set(looked) == {"/usr/bin:/bin"}
