from collections.abc import Mapping

import pytest

from hitless.config.model import Address, Bind, Directive, FileReference, Model, Proxy, Server
from hitless.sandbox.entry import TierKind
from hitless.sandbox.standin_plan import Content, PathState, StandInPlan
from hitless.sandbox.standins import certificate_names, plan_for_refusal, plan_stand_ins

_GLOBAL = (Directive(("issuers-chain-path", "/etc/chains"), "h:20"),)
_BIND_OPTIONS = {"ssl": (), "crt": ("/c",), "tls-ticket-keys": ("/keys",)}
_LINES = (
    Directive(("filter", "spoe", "engine", "guard", "config", "spoe.cfg"), "h:32"),
    Directive(("errorfile", "429", "busy.http"), "h:33"),
)
_PROXIES = (
    Proxy(
        "frontend",
        "www",
        "h:30",
        "http",
        (Bind((Address("ip", "::", 443),), _BIND_OPTIONS, "h:31"),),
        directives=_LINES,
    ),
    Proxy("backend", "servers", "h:40", "http"),
)


def _plan(
    *references: FileReference, states: Mapping[str, PathState] | None = None, tier: TierKind = TierKind.ROOT
) -> tuple[StandInPlan, ...]:
    found = states or {}
    return plan_stand_ins(
        Model(("haproxy.cfg",), _GLOBAL, _PROXIES, file_references=references),
        exists=lambda path: found.get(path, PathState.ABSENT),
        tier=tier,
        users={"root"},
        groups={"root"},
        host_names=("www.example.org",),
    )


@pytest.mark.parametrize(
    ("kind", "path", "content"),
    [
        ("certificate", "/etc/x.pem", Content.CERTIFICATE),
        ("certificate", "/etc/x/", Content.CERTIFICATE_DIRECTORY),
        ("certificate-directory", "/etc/x", Content.CERTIFICATE_DIRECTORY),
        ("crt-list", "/etc/list", Content.CRT_LIST),
        ("dh", "/etc/dh", Content.DH),
        ("map", "/etc/map", Content.MAP),
        ("acl", "/etc/acl", Content.ACL),
        ("lua", "/etc/x.lua", Content.LUA),
        ("error-file", "/etc/errors/503.http", Content.ERROR_FILE),
        ("server-state", "/var/state", Content.SERVER_STATE),
        ("ca", "/etc/ca.pem", Content.AUTHORITY),
        ("crl", "/etc/crl.pem", Content.CRL),
        ("user", "edge", Content.USER),
        ("group", "edge", Content.GROUP),
        ("other", "/etc/data", Content.EMPTY),
    ],
)
def test_what_is_missing_gets_a_stand_in_that_is_reported(kind: str, path: str, content: Content) -> None:
    (plan,) = _plan(FileReference(kind, path, "haproxy.cfg:3"))
    assert plan.content is content
    record = plan.record()
    assert (record.kind, record.name, record.where) == (kind, path, "haproxy.cfg:3")
    assert record.what


@pytest.mark.parametrize(
    "kind", ["certificate", "crt-list", "dh", "map", "acl", "lua", "error-file", "other"]
)
def test_a_file_that_can_be_read_is_used(kind: str) -> None:
    assert _plan(FileReference(kind, "/etc/x", "h:1"), states={"/etc/x": PathState.FILE}) == ()


def test_a_file_that_cannot_be_read_is_replaced_and_that_is_said() -> None:
    (plan,) = _plan(
        FileReference("certificate", "/etc/x.pem", "h:1"), states={"/etc/x.pem": PathState.UNREADABLE}
    )
    assert "cannot be read" in plan.what


def test_a_certificate_whose_key_file_cannot_be_read_is_replaced() -> None:
    states = {"/etc/x.pem": PathState.FILE, "/etc/x.pem.key": PathState.UNREADABLE}
    (plan,) = _plan(FileReference("certificate", "/etc/x.pem", "h:1"), states=states)
    assert plan.content is Content.CERTIFICATE


def test_certificates_carry_the_known_hosts_and_the_one_in_the_files_name() -> None:
    (plan,) = _plan(FileReference("certificate", "/etc/shop.example.com.pem", "h:1"))
    assert plan.names == ("www.example.org", "shop.example.com", "*.shop.example.com")


def test_our_authority_is_added_to_an_authority_that_is_there() -> None:
    (plan,) = _plan(FileReference("ca", "/etc/ca.pem", "h:1"), states={"/etc/ca.pem": PathState.FILE})
    assert "added to the real one" in plan.what


def test_users_that_exist_are_used_by_root() -> None:
    assert _plan(FileReference("user", "root", "h:1")) == ()


def test_every_user_is_the_only_one_in_a_user_namespace() -> None:
    (plan,) = _plan(FileReference("user", "root", "h:1"), tier=TierKind.USER)
    assert plan.detail == "0"
    assert plan.what


def test_a_sockets_directory_is_made_or_made_writable() -> None:
    socket = FileReference("socket", "/run/haproxy/admin.sock", "h:1")
    (made,) = _plan(socket)
    assert (made.content, made.kind, made.path) == (Content.DIRECTORY, "socket-directory", "/run/haproxy")
    there = {"/run/haproxy": PathState.DIRECTORY}
    assert _plan(socket, states=there) == ()
    (writable,) = _plan(socket, states=there, tier=TierKind.USER)
    assert (writable.content, writable.detail, writable.what) == (
        Content.WRITABLE,
        "/run/haproxy/admin.sock",
        "",
    )


def test_two_sockets_in_one_directory_are_both_seen_to() -> None:
    there = {"/run/h": PathState.DIRECTORY}
    references = [FileReference("socket", f"/run/h/{name}", "h:1") for name in ("a", "b", "a")]
    assert [plan.detail for plan in _plan(*references, states=there, tier=TierKind.USER)] == [
        "/run/h/a",
        "/run/h/b",
    ]


def test_a_chroot_has_a_place_for_the_log_socket() -> None:
    plans = _plan(
        FileReference("chroot", "/var/lib/haproxy", "h:1"), states={"/var/lib/haproxy": PathState.DIRECTORY}
    )
    assert [(plan.path, plan.what) for plan in plans] == [("/var/lib/haproxy/dev", "")]


@pytest.mark.parametrize(
    ("path", "where", "status"),
    [
        ("/e/404.http", "h:1", "404"),
        ("/e/oops.http", "h:1", "503"),
        ("/e/1999.http", "h:1", "503"),
        ("/busy.http", "h:33", "429"),
    ],
)
def test_an_error_file_answers_with_the_status_of_its_line_or_name(
    path: str, where: str, status: str
) -> None:
    (plan,) = _plan(FileReference("error-file", path, where))
    assert plan.detail == status


def test_a_spoe_agent_has_the_engine_of_its_line_and_a_backend_of_the_configuration() -> None:
    (plan,) = _plan(FileReference("spoe", "/etc/spoe.cfg", "h:32"))
    assert plan.detail.startswith("[guard]\nspoe-agent ")
    assert "use-backend servers\n" in plan.detail


@pytest.mark.parametrize(
    ("where", "detail", "content"),
    [
        ("h:31", "bind", Content.TICKET_KEYS),
        ("h:20", "", Content.DIRECTORY),
        ("h:1", "external-check", Content.SCRIPT),
        ("h:1", "crt-store key", Content.CERTIFICATE),
        ("h:1", "", Content.EMPTY),
    ],
)
def test_other_files_are_told_apart_by_their_line(where: str, detail: str, content: Content) -> None:
    (plan,) = _plan(FileReference("other", "/x/y", where, detail))
    assert plan.content is content


def test_servers_verified_by_the_systems_authorities_accept_ours() -> None:
    server = Server("s", Address("ip", "10.0.0.1", 443), {"ssl": (), "ca-file": ("@system-ca",)}, "h:50")
    model = Model((), (), (Proxy("backend", "b", "h:49", "http", (), (server,)),))
    (plan,) = plan_stand_ins(
        model, exists=lambda _: PathState.ABSENT, tier=TierKind.ROOT, users=(), groups=()
    )
    assert (plan.content, plan.path, plan.where) == (Content.AUTHORITY, "@system-ca", "h:50")


def test_nothing_stands_in_on_the_hosts_own_loopback() -> None:
    assert _plan(FileReference("map", "/etc/map", "h:1"), tier=TierKind.LOOPBACK) == ()
    assert plan_for_refusal(FileReference("map", "/etc/map", "h:1"), tier=TierKind.LOOPBACK) == ()


def test_each_path_is_planned_once() -> None:
    reference = FileReference("map", "/etc/map", "h:1")
    assert len(_plan(reference, reference, FileReference("map", "/etc/map", "h:2"))) == 1


def test_a_refusal_is_believed_whatever_the_state_of_the_file() -> None:
    (plan,) = plan_for_refusal(FileReference("certificate", "/etc/x.pem", "h:1"), tier=TierKind.ROOT)
    assert plan.content is Content.CERTIFICATE


def test_the_line_that_names_a_refused_file_counts_if_it_is_known() -> None:
    reference = FileReference("error-file", "/busy.http", "h:33")
    assert plan_for_refusal(reference, tier=TierKind.ROOT)[0].detail == "503"
    model = Model((), (), _PROXIES)
    assert plan_for_refusal(reference, tier=TierKind.ROOT, model=model)[0].detail == "429"


def test_the_worlds_certificate_has_every_name_that_haproxy_verifies() -> None:
    servers = (
        Server("a", Address("ip", "10.0.0.1", 443), {"ssl": (), "sni": ("str(api.example.org)",)}, "h:1"),
        Server(
            "b",
            Address("name", "db.example.org", 443),
            {"verifyhost": ("db",), "sni": ("req.hdr(host)",)},
            "h:2",
        ),
        Server("c", Address("unix", "/run/s"), {"check-sni": ("'x y'",)}, "h:3"),
    )
    bind = Bind((Address("ip", "0.0.0.0", 80),), {}, "h:4")
    model = Model(("h",), (), (Proxy("listen", "l", "h:1", "http", (bind,), servers),))
    assert certificate_names(model) == ("10.0.0.1", "api.example.org", "db.example.org", "db")
