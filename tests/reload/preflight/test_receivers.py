from typing import Any

import pytest

from hitless.reload.preflight.receivers import Kind, NameQuery, names_of, namespaces_of, uses_reuse_port
from tests.reload.preflight.binds_bed import FILE, receivers_of, subject


@pytest.mark.parametrize(
    ("bind", "kind", "endpoint", "family"),
    [
        (":80", Kind.TCP, "0.0.0.0:80", 4),
        ("*:80", Kind.TCP, "0.0.0.0:80", 4),
        ("192.0.2.1:80", Kind.TCP, "192.0.2.1:80", 4),
        (":::80", Kind.TCP, "[::]:80", 6),
        ("[::]:80", Kind.TCP, "[::]:80", 6),
        ("ipv6@:80", Kind.TCP, "[::]:80", 6),
        ("[2001:DB8:0::1]:80", Kind.TCP, "[2001:db8::1]:80", 6),
        ("::ffff:192.0.2.1:80", Kind.TCP, "192.0.2.1:80", 6),
        ("mptcp@192.0.2.1:80", Kind.TCP, "192.0.2.1:80", 4),
        ("quic4@:443 ssl crt x", Kind.UDP, "0.0.0.0:443", 4),
        ("quic6@:443 ssl crt x", Kind.UDP, "[::]:443", 6),
        ("udp@192.0.2.1:514", Kind.UDP, "192.0.2.1:514", 4),
        ("/run/x.sock", Kind.UNIX, "/run/x.sock", 0),
        ("unix@run/x.sock", Kind.UNIX, "run/x.sock", 0),
        ("abns@name", Kind.ABSTRACT, "@name", 0),
        ("abnsz@name", Kind.ABSTRACT, "@name", 0),
        ("fd@3", Kind.DESCRIPTOR, "fd@3", 0),
        ("sockpair@4", Kind.DESCRIPTOR, "sockpair@4", 0),
        ("lb.example.net:80", Kind.NAME, "lb.example.net:80", 0),
        ("ipv6@lb.example.net:80", Kind.NAME, "lb.example.net:80", 6),
    ],
)
def test_each_form_of_an_address_is_named_as_the_kernel_shows_it(
    bind: str, kind: Kind, endpoint: str, family: int
) -> None:
    (found,) = receivers_of(f"bind {bind}")
    assert (found.kind, found.endpoint, found.family) == (kind, endpoint, family)
    assert found.bind.where == f"{FILE}:2"


def test_ranges_and_lists_are_expanded() -> None:
    found = receivers_of("bind 192.0.2.1:80-82,:::90,/run/x.sock")
    assert [r.endpoint for r in found] == [
        *("192.0.2.1:80", "192.0.2.1:81", "192.0.2.1:82", "[::]:90", "/run/x.sock"),
    ]


def test_what_needs_no_socket_is_left_out() -> None:
    assert receivers_of("bind rhttp@be/srv") == []


@pytest.mark.parametrize(
    ("bind", "default", "v6_only", "dual_stack"),
    [
        (":::80", False, False, True),
        (":::80 v4v6", False, False, True),
        (":::80 v6only", False, True, False),
        (":::80", True, True, False),
        (":::80 v4v6", True, False, True),
        (":::80 v4v6 v6only", False, True, False),
        ("::1:80", False, False, False),
        (":80", True, False, False),
    ],
)
def test_which_families_a_socket_takes(bind: str, *, default: bool, v6_only: bool, dual_stack: bool) -> None:
    (found,) = receivers_of(f"bind {bind}", v6_only_default=default)
    assert found.inet is not None
    assert (found.v6_only, found.inet.dual_stack) == (v6_only, dual_stack)


def test_options_of_the_line() -> None:
    (found,) = receivers_of("bind :80 interface eth0 namespace blue transparent")
    assert (found.interface, found.namespace, found.transparent) == ("eth0", "blue", True)
    assert found.title == f"0.0.0.0:80 in network namespace blue (frontend a, {FILE}:2)"


@pytest.mark.parametrize(("version", "namespace"), [("2.8.25", ""), ("3.0.11", "blue")])
def test_a_unix_socket_is_in_a_namespace_from_3_0_on(version: str, namespace: str) -> None:
    (found,) = receivers_of("bind abns@x namespace blue", version=version)
    assert found.namespace == namespace


def test_names_are_bound_where_they_lead_to() -> None:
    text = "bind lb:80\nbind quic6@lb:443 ssl crt x\nbind udp4@lb:514\nbind gone:1"
    assert names_of(subject(text)) == {
        *(NameQuery("lb", 0), NameQuery("lb", 6), NameQuery("lb", 4), NameQuery("gone", 0)),
    }
    names = {
        NameQuery("lb", 0): "192.0.2.1",
        NameQuery("lb", 6): "2001:db8::1",
        NameQuery("lb", 4): "192.0.2.1",
    }
    found = receivers_of(text, names=names)
    assert [(r.kind, r.endpoint) for r in found] == [
        (Kind.TCP, "192.0.2.1:80"),
        (Kind.UDP, "[2001:db8::1]:443"),
        (Kind.UDP, "192.0.2.1:514"),
        (Kind.NAME, "gone:1"),
    ]


def test_the_namespaces_that_are_named() -> None:
    text = "bind :80 namespace blue\nbind :81\nbind :82 namespace red\nbind :83 namespace blue"
    assert namespaces_of(subject(text)) == {"blue", "red"}


def test_whose_binds_there_are() -> None:
    text = (
        "global\n stats socket /run/a.sock\npeers p\n bind :1024\n peer x\nfrontend f\n bind :80\n"
        "listen off\n bind :81\n disabled\nlog-forward l\n dgram-bind :514\n bind :515\n"
    )
    argv = "haproxy -W -S /run/m.sock,mode,600 -S 127.0.0.1:9999 -S broken -f x"
    found = receivers_of(text, argv=argv)
    assert [(r.owner, r.kind, r.endpoint, r.of_master) for r in found] == [
        ("stats socket", Kind.UNIX, "/run/a.sock", False),
        ("peers", Kind.TCP, "0.0.0.0:1024", False),
        ("frontend f", Kind.TCP, "0.0.0.0:80", False),
        ("log-forward", Kind.UDP, "0.0.0.0:514", False),
        ("log-forward", Kind.TCP, "0.0.0.0:515", False),
        ("master CLI (-S)", Kind.UNIX, "/run/m.sock", True),
        ("master CLI (-S)", Kind.TCP, "127.0.0.1:9999", True),
    ]
    assert found[-1].title == "127.0.0.1:9999 (master CLI (-S))"
    assert not [r for r in receivers_of(text, argv=argv, mode="classic") if r.of_master]


def test_relative_paths_begin_where_haproxy_runs() -> None:
    (found,) = receivers_of("bind unix@run/./x.sock")
    assert (found.endpoint, found.host) == ("run/./x.sock", "/srv/run/x.sock")


def test_the_two_forms_of_abstract_names_and_mptcp() -> None:
    found = receivers_of("bind abns@x,abnsz@x,mptcp4@:80")
    assert [(r.padded, r.multipath) for r in found] == [(True, False), (False, False), (True, True)]


@pytest.mark.parametrize(
    ("text", "words", "sockets"),
    [
        ("bind :80", {}, 1),
        ("bind :80", {"version": "3.4.0"}, None),
        ("bind :80 shards 2", {}, 2),
        ("bind :80 shards 9", {}, 4),
        ("bind :80 shards 9", {"threads": 0}, None),
        ("bind :80 shards by-thread", {}, 4),
        ("bind :80 shards by-thread thread 1-2", {}, None),
        ("bind :80 shards by-group", {}, 1),
        ("global\n nbthread 8\nfrontend a\n bind :80 shards by-thread", {}, 8),
        ("global\n thread-groups 3\nfrontend a\n bind :80", {}, 3),
        ("global\n tune.listener.default-shards by-thread\nfrontend a\n bind :80", {}, 4),
        ("global\n noreuseport\nfrontend a\n bind :80 shards 4", {}, 1),
        ("global\n noreuseport\nfrontend a\n bind :80 shards 4", {"version": "2.6.12"}, 4),
        ("bind :80", {"version": "2.6.12"}, 1),
        ("bind /run/x.sock shards 4", {}, None),
    ],
)
def test_how_many_sockets_an_address_has(text: str, words: dict[str, Any], sockets: int | None) -> None:
    (found,) = receivers_of(text, **words)
    assert found.sockets == sockets


@pytest.mark.parametrize(
    ("text", "argv", "shared"),
    [
        ("bind :80", "haproxy -W -f x", True),
        ("bind :80", "haproxy -W -dR -f x", False),
        ("global\n noreuseport\nfrontend a\n bind :80", "haproxy -W -f x", False),
    ],
)
def test_when_ports_are_shared(text: str, argv: str, *, shared: bool) -> None:
    assert uses_reuse_port(subject(text, argv=argv)) is shared


def test_hostile_names_are_written_out() -> None:
    (found,) = receivers_of('bind "/run/x\\x1b.sock"')
    assert found.kind is Kind.UNIX
    assert found.endpoint.encode()
