"""Hypothesis strategies for facts: any value that the types of a snapshot allow, with hostile text."""

import typing
from collections.abc import Mapping
from enum import Enum
from types import NoneType, UnionType
from typing import Any

import msgspec
from hypothesis import strategies as st

from hitless.facts import Snapshot

__all__ = ["hostile_text", "instances_of", "snapshots"]

_WORDS = (
    *("", " ", "0", "-1", "1", "80", "99999999999999999999", "1" * 5000, "²", "٣", "nan", "1e999"),
    *("/", "//", "/etc/haproxy/haproxy.cfg", "/etc/haproxy/haproxy.cfg:3", "/x:", ":7", "x:" + "9" * 5000),
    *(
        "/run/haproxy/admin.sock",
        "/run/haproxy/admin.sock.12.tmp",
        "@abstract",
        "unix@/x",
        "fd@3",
        "sockpair@",
    ),
    *(
        "0.0.0.0",
        "::",
        "[::1]:80",
        "127.0.0.1:514",
        "10.0.0.0/8",
        "300.1.1.1",
        "fe80::1%eth0",
        "::ffff:1.2.3.4",
    ),
    *(
        "haproxy",
        "haproxy.service",
        "/usr/sbin/haproxy",
        "-W",
        "-Ws",
        "-D",
        "-f",
        "-p",
        "-sf",
        "-x",
        "-L",
        "-C",
        "--",
    ),
    *(
        "notify",
        "forking",
        "SIGTERM",
        "SIGUSR1",
        "mixed",
        "process",
        "none",
        "on-failure",
        "active",
        "failed",
    ),
    *("missing", "socket", "directory", "file", "unreadable", "root", "haproxy", "user", "group", "tmpfs"),
    *("net.ipv4.ip_nonlocal_bind", "net.core.somaxconn", "fs.nr_open", "KillMode", "User", "ExecReload"),
    *("$MAINPID", "${X", "\\", "'", '"', "%", "%%n", "{", "\x1b]0;x\x07", "\x00", "\u202e", "\udcff", "é"),
    *("\r", "\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "a\x1db:1", "\ufeff"),
    *("certbot", "cron", "logrotate", "systemd", "package", "network", "container", "keepalived", "script"),
)
_LINES = (
    *("global", "defaults", "frontend f", "backend b", "listen l", "bind :80", "server s 192.0.2.1:80 check"),
    *(
        "  stats socket /run/a.sock expose-fd listeners level admin",
        "  hard-stop-after 30s",
        "log /dev/log local0",
    ),
    *(
        "[Service]",
        "ExecStart=/usr/sbin/haproxy -Ws -f $C",
        "ExecReload=/bin/kill -USR2 $MAINPID",
        "KillMode=mixed",
    ),
    *(
        "#!/bin/sh",
        "systemctl restart haproxy",
        "kill -9 $(cat /run/haproxy.pid)",
        "haproxy -sf $(pidof haproxy) \\",
    ),
    *(
        "cat <<X",
        "X",
        "if true; then",
        "fi",
        "while :; do",
        "done",
        "- service: name=haproxy state=restarted",
        "}",
    ),
)


def hostile_text() -> st.SearchStrategy[str]:
    """Text as configurations, hosts and people write it, and as none of them does."""
    words = st.lists(st.sampled_from(_WORDS), max_size=4).map(" ".join)
    lines = st.lists(st.sampled_from((*_LINES, *_WORDS)), max_size=12).map("\n".join)
    return st.one_of(st.sampled_from(_WORDS), words, lines, st.text(max_size=20))


def instances_of(kind: Any) -> st.SearchStrategy[Any]:  # noqa: PLR0911 - one return for each kind of type
    """Return a strategy for a type of facts."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in {typing.Union, UnionType}:
        return st.one_of(*(instances_of(each) for each in arguments))
    if origin is tuple:
        if arguments[1:] == (...,):
            return st.lists(instances_of(arguments[0]), max_size=3).map(tuple)
        return st.tuples(*(instances_of(each) for each in arguments))
    if origin is Mapping:
        return st.dictionaries(instances_of(arguments[0]), instances_of(arguments[1]), max_size=3)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(list(kind))
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _structs(kind)
    simple: dict[Any, st.SearchStrategy[Any]] = {
        NoneType: st.none(),
        bool: st.booleans(),
        str: hostile_text(),
        # JSON carries no infinity; integers stay within what msgspec reads back.
        int: st.one_of(
            st.integers(-2, 8), st.integers(-(2**63), 2**63 - 1), st.sampled_from((0, 0o777, 65536))
        ),
        float: st.one_of(
            st.sampled_from((0.0, -1.0, 0.5, 1e18)), st.floats(allow_nan=False, allow_infinity=False)
        ),
    }
    return simple[kind]


def _structs(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(kind)
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    required = {name: _lazily(hints[name]) for name, field in fields.items() if field.required}
    optional = {name: _lazily(hints[name]) for name, field in fields.items() if not field.required}
    return st.fixed_dictionaries(required, optional=optional).map(lambda values: kind(**values))


def _lazily(kind: Any) -> st.SearchStrategy[Any]:
    return st.deferred(lambda: instances_of(kind))


def snapshots() -> st.SearchStrategy[Snapshot]:
    """Return a strategy for whole snapshots."""
    return _structs(Snapshot)
