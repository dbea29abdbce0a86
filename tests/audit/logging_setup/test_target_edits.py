import pytest

from hitless.audit.fix.edit_files import apply_edits
from hitless.audit.logging_setup.target_edits import edit_target, socket_target
from tests.audit.logging_setup.subjects import subject

REST = "defaults\n    log global\n    mode http\nfrontend f\n    bind :80\n"


def target(*lines: str) -> tuple[list[str], str]:
    """Return the `log` lines after the edit, and the socket."""
    before = subject("global\n    daemon\n" + "".join(f"    {line}\n" for line in lines) + REST)
    after = apply_edits(before.files[0], edit_target(before)).to_bytes().decode()
    found = [
        line.strip()
        for line in after.splitlines()
        if line.strip().startswith("log ") and "global" not in line
    ]
    return found, socket_target(before)


@pytest.mark.parametrize(
    ("line", "after", "socket"),
    [
        ("log /dev/log local0", "log /dev/log len 8192 local0", "/dev/log"),
        ("log /dev/log len 1024 local2 info", "log /dev/log len 8192 local2 info", "/dev/log"),
        ("log /dev/log len 65535 local0", "log /dev/log len 65535 local0", "/dev/log"),
        ("log /dev/log len 8192 local0", "log /dev/log len 8192 local0", "/dev/log"),
        ("log /dev/log local0 notice", "log /dev/log len 8192 local0", "/dev/log"),
        ("log /dev/log format raw local0", "log /dev/log len 8192 local0", "/dev/log"),
        ("log /dev/log sample 1:10 local0", "log /dev/log sample 1:10 len 8192 local0", "/dev/log"),
        ("log /run/haproxy/log local0", "log /run/haproxy/log len 8192 local0", "/run/haproxy/log"),
        ("log 127.0.0.1 local3", "log /dev/log len 8192 local3", "/dev/log"),
        ("log localhost:5140 local0 info", "log /dev/log len 8192 local0 info", "/dev/log"),
        ("log [::1]:514 format rfc5424 local0", "log /dev/log len 8192 local0", "/dev/log"),
        ("log stdout format raw local0", "log stdout format raw len 8192 local0", ""),
        ("log fd@2 local0", "log fd@2 len 8192 local0", ""),
    ],
)
def test_a_target_on_this_host_is_changed_as_little_as_does_it(line: str, after: str, socket: str) -> None:
    assert target(line) == ([after], socket)


def test_one_is_added_where_none_is_on_this_host() -> None:
    assert target() == (["log /dev/log len 8192 local0"], "/dev/log")
    assert target("log 192.0.2.5:514 local0") == (
        ["log 192.0.2.5:514 local0", "log /dev/log len 8192 local0"],
        "/dev/log",
    )
    assert target("log ring@buffer local0")[0][1] == "log /dev/log len 8192 local0"


def test_debians_second_target_for_messages_stays() -> None:
    lines, _ = target("log /dev/log local0", "log /dev/log local1 notice")
    assert lines == ["log /dev/log len 8192 local0", "log /dev/log local1 notice"]
    lines, _ = target("log /dev/log local1 notice", "log /dev/log local0")
    assert lines == ["log /dev/log local1 notice", "log /dev/log len 8192 local0"]
