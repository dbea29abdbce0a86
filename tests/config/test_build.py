import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitless.config import build_model, parse
from tests.config.samples import model_of

WHOLE = """
    global
        stats socket /run/haproxy/admin.sock mode 660 level admin expose-fd listeners
        stats socket ipv4@127.0.0.1:9999 level user
        unix-bind prefix /srv mode 600
        log 10.0.0.9 local0
        hard-stop-after 30s
        hard-stop-after 60s
    frontend www
        bind "$VIP:80",[2001:db8::1]:80-81
        bind /web.sock
        bind quic4@:443 ssl crt /x.pem
        default_backend web
    backend web
        server a 10.0.0.1:80
    resolvers dns
        nameserver one 10.0.0.53
        nameserver two tcp@10.0.0.54:5353
        nameserver broken
        parse-resolv-conf
    peers mesh
        peer lb1 10.0.0.1:1024
        peer lb2 10.0.0.2:1024
    peers other
        bind :10000 ssl crt /p.pem
        server lb1
        server lb2 10.0.0.2:1024
    ring buf
        server log 10.0.0.8:6514
    log-forward in
        bind :1514
        dgram-bind :1514,quic4@:1515 interface lo
        log 10.0.0.7 local3
    userlist u
        user admin password x
    no-such-section x
    """


def test_a_whole_configuration() -> None:
    model = model_of(WHOLE, VIP="192.0.2.5", HAPROXY_LOCALPEER="lb1")
    assert model.files == ("h.cfg",)
    (www,) = model.frontends
    assert [(a.kind, a.host, a.port) for b in www.binds for a in b.addresses] == [
        ("ip", "192.0.2.5", 80),
        ("ip", "2001:db8::1", 80),
        ("ip", "2001:db8::1", 81),
        ("unix", "/srv/web.sock", 0),
        ("quic", "0.0.0.0", 443),
    ]
    assert [b.addresses[0].host for b in model.stats_sockets] == ["/run/haproxy/admin.sock", "127.0.0.1"]
    assert model.stats_sockets[0].options["expose-fd"] == ("listeners",)
    assert [(n.section, n.address.kind, n.address.host, n.address.port) for n in model.name_servers] == [
        ("dns", "udp", "10.0.0.53", 53),
        ("dns", "ip", "10.0.0.54", 5353),
        ("dns", "other", "resolv.conf", 53),
    ]
    assert [(b.addresses[0].host, b.addresses[0].port) for b in model.peers] == [
        ("10.0.0.1", 1024),
        ("0.0.0.0", 10000),
    ]
    assert model.peers[1].has("ssl")
    assert [(a.kind, a.port) for b in model.log_forwards for a in b.addresses] == [
        *(("ip", 1514), ("udp", 1514), ("quic", 1515)),
    ]
    assert model.log_forwards[1].options["interface"] == ("lo",)
    assert [(t.address.host, t.address.port) for t in model.log_targets] == [
        *(("10.0.0.9", 514), ("10.0.0.8", 6514), ("10.0.0.7", 514)),
    ]
    limit = model.global_value("hard-stop-after")
    assert limit is not None
    assert limit.words[1] == "60s"
    backend = model.proxy("web")
    assert backend is not None
    assert backend.servers[0].where == "h.cfg:14"
    assert model.proxy("www") is None
    assert model.diagnostics == ()


def test_an_unknown_local_peer_is_noted() -> None:
    model = model_of("peers p\n peer a 10.0.0.1:1\n", HAPROXY_LOCALPEER="z")
    assert model.peers == ()
    assert model.diagnostics == ("h.cfg:1: none of the peers is the local one (z)",)


def test_several_files_are_one_configuration() -> None:
    files = [
        parse(b"global\n setenv PORT 81\ndefaults\n mode http\n", filename="a"),
        parse(b'frontend f\n bind ":$PORT"\n', filename="b"),
    ]
    model = build_model(files, environment={})
    assert (model.frontends[0].mode, model.frontends[0].binds[0].addresses[0].port) == ("http", 81)
    assert model.frontends[0].where == "b:1"


@pytest.mark.parametrize(("version", "features", "count"), [((2, 8), {"QUIC"}, 2), ((2, 4), set(), 0)])
def test_version_and_features_decide(version: tuple[int, int], features: set[str], count: int) -> None:
    text = b".if version_atleast(2.8)\nfrontend a\n.endif\n.if feature(QUIC)\nfrontend b\n.endif\n"
    model = build_model([parse(text)], environment={}, version=version, features=frozenset(features))
    assert len(model.proxies) == count


KEYWORDS = [
    *(
        "global",
        "defaults",
        "frontend a",
        "backend b",
        "listen c",
        "peers p",
        "resolvers r",
        "ring x",
        "crt-store s",
    ),
    *(
        "log-forward l",
        "bind",
        "server",
        "server-template",
        "default-server",
        "timeout",
        "option",
        "no",
        "log",
        "mode",
    ),
    *(
        "stats",
        "socket",
        "unix-bind",
        "prefix",
        "setenv",
        "default-path",
        "crt-base",
        "acl",
        "use_backend",
        "if",
        "{",
    ),
    *(
        "}",
        "-f",
        "filter",
        "config",
        "errorfile",
        "http-request",
        "return",
        "file",
        "load",
        "crt",
        "ssl",
        ":80",
        "a",
    ),
    *("/x", "10.0.0.1:80", "parent", "origin", "from", "nameserver", "peer", "hdr(host)", "map("),
    *(".if", ".endif", '"', "!"),
]


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["", " "]), st.lists(st.sampled_from(KEYWORDS), max_size=6)), max_size=25
    )
)
def test_no_configuration_raises(lines: list[tuple[str, list[str]]]) -> None:
    text = "\n".join(indent + " ".join(words) for indent, words in lines) + "\n"
    model = build_model([parse(text.encode(), filename="dir/f")], environment={})
    assert all(entry.startswith("dir/f:") for entry in model.diagnostics)
