import pytest

from hitless.config import known_mistakes, parse
from hitless.config.mistakes import Mistake

CASES = [
    (
        "global\n  expose-fd listeners # note\n",
        2,
        "stats socket /run/haproxy/admin.sock mode 660 level admin expose-fd listeners",
    ),
    ("frontend f\n bind :8080 freebind name x\n", 2, "bind :8080 transparent name x"),
    ("backend b\n server a 10.0.0.1:80 freebind\n", 2, "server a 10.0.0.1:80"),
    ("backend b\n default-server freebind\n", 2, ""),
    ("frontend f\n freebind\n", 2, "bind ADDRESS:PORT transparent"),
    (
        "global\n stats socket\n",
        2,
        "stats socket /run/haproxy/admin.sock mode 660 level admin expose-fd listeners",
    ),
    (
        "global\n stats socket level admin\n",
        2,
        "stats socket /run/haproxy/admin.sock mode 660 level admin expose-fd listeners",
    ),
    ("global\n nbproc 2\n", 2, ""),
    ("frontend f\n bind-process 1\n", 2, ""),
    ("defaults\n hard-stop-after 30s\n", 2, "hard-stop-after 30s"),
    ("defaults\n stats timeout 30s\n", 2, "stats timeout 30s"),
    ("global\n timeout client 30s\n", 2, "timeout client 30s"),
    ("global\n option httplog\n", 2, "option httplog"),
    ("defaults\n idle-close-on-response\n", 2, "option idle-close-on-response"),
    ("global\n idle-close-on-response\n", 2, "option idle-close-on-response"),
    ("frontend f\n bind :8080 reuseport\n", 2, "bind :8080"),
    ("global\n reuseport\n", 2, ""),
    ("listen web :8080\n", 1, "bind :8080"),
    ("frontend f\n reqadd X:\\ y\n", 2, "http-request add-header NAME VALUE"),
    ("frontend f\n rspidel X\n", 2, "http-response del-header NAME"),
]


@pytest.mark.parametrize(("text", "line", "right_form"), CASES)
def test_a_known_mistake_has_its_line_and_the_right_form(text: str, line: int, right_form: str) -> None:
    (mistake,) = known_mistakes([parse(text.encode(), filename="h.cfg")])
    assert (mistake.where, mistake.right_form) == (f"h.cfg:{line}", right_form)
    assert mistake.message.endswith(".")
    assert mistake.line_text in text
    assert "#" not in mistake.line_text


def test_a_right_configuration_has_none() -> None:
    text = b"""
global
    master-worker
    stats socket /run/haproxy/admin.sock mode 660 level admin expose-fd listeners
    stats socket ipv4@127.0.0.1:9999 level admin
    stats socket "$SOCKET"
    stats timeout 30s
    hard-stop-after 30s
defaults
    option idle-close-on-response
frontend www from x
    bind :80 transparent name freebind.example
    stats uri /stats
    acl reuseport src 10.0.0.1
backend freebind
    server a 10.0.0.1:80 check
userlist u
    user expose-fd password x
"""
    assert known_mistakes([parse(text)]) == []


def test_mistakes_come_in_the_order_of_the_files() -> None:
    files = [
        parse(b"global\n nbproc 1\n", filename="a"),
        parse(b"global\n expose-fd listeners\n", filename="b"),
    ]
    found = known_mistakes(files)
    assert [m.where for m in found] == ["a:2", "b:2"]
    assert isinstance(found[0], Mistake)
