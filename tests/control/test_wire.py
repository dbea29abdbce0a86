import socket

import pytest

from hitless.control.errors import CouldNotAsk, NotUnderstood, WasRefused
from hitless.control.wire import ReplyBuffer, encode_command, parse_address, raise_if_refused


@pytest.mark.parametrize(
    ("text", "family", "target"),
    [
        ("/run/haproxy/admin.sock", socket.AF_UNIX, "/run/haproxy/admin.sock"),
        ("unix@/run/x", socket.AF_UNIX, "/run/x"),
        ("run/x", socket.AF_UNIX, "run/x"),
        ("@name", socket.AF_UNIX, "\0name" + "\0" * 103),
        ("abns@name", socket.AF_UNIX, "\0name" + "\0" * 103),
        ("127.0.0.1:9999", socket.AF_INET, ("127.0.0.1", 9999)),
        ("ipv4@127.0.0.1:9999", socket.AF_INET, ("127.0.0.1", 9999)),
        (":9999", socket.AF_INET, ("127.0.0.1", 9999)),
        ("[::1]:9999", socket.AF_INET6, ("::1", 9999)),
    ],
)
def test_an_address(text: str, family: socket.AddressFamily, target: object) -> None:
    address = parse_address(text)
    assert (address.family, address.target, address.text) == (family, target, text)


@pytest.mark.parametrize(
    "text", ["", "admin.sock", "host:", "host:0", "host:65536", "host:-1", "/" + "x" * 107, "/a\0b"]
)
def test_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="socket"):
        parse_address(text)


def test_a_command_is_one_line() -> None:
    assert encode_command("show info") == b"show info\n"
    assert encode_command(r"set var proc.x str(a\;b)") == b"set var proc.x str(a\\;b)\n"


@pytest.mark.parametrize("command", ["", "  ", "show info\n", "show info; reload", "a\0b", "x" * 16_001])
def test_what_is_not_one_command_is_not_sent(command: str) -> None:
    with pytest.raises(ValueError, match="command"):
        encode_command(command)


def test_a_reply_is_collected_without_its_closing_empty_lines() -> None:
    reply = ReplyBuffer(100)
    reply.feed(b"Pid: 1\nNode: caf")
    reply.feed(b"\xe9\n\n")
    assert reply.text() == "Pid: 1\nNode: caf\\xe9"


def test_a_reply_is_bounded() -> None:
    reply = ReplyBuffer(3)
    reply.feed(b"abc")
    with pytest.raises(CouldNotAsk, match="3 bytes"):
        reply.feed(b"d")


def test_a_binary_answer_is_not_understood() -> None:
    reply = ReplyBuffer(100)
    reply.feed(b"\x15\x03\x03\0\x02\x02\x16")
    with pytest.raises(NotUnderstood, match="binary"):
        reply.text()


@pytest.mark.parametrize(
    "reply",
    [
        "Permission denied",
        "Unknown command. Please enter one of the following commands only :\n  help",  # 2.2
        "Unknown command, but maybe one of the following ones is a better match:\n  quit",  # 2.6
        "Unknown command: 'show', but maybe one of the following ones is a better match:",  # 2.8
        "Can't find the target PID matching the prefix '@!99'",
    ],
)
def test_a_refusal_is_told_apart(reply: str) -> None:
    with pytest.raises(WasRefused, match=reply.partition("\n")[0].rstrip(".:")[:17]) as caught:
        raise_if_refused("show x", reply)
    assert caught.value.raw == reply
    assert caught.value.hint


def test_an_answer_is_no_refusal() -> None:
    raise_if_refused("show info", "Name: Permission denied")
