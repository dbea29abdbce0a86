import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitless.config import RequestHints, request_hints
from tests.config.samples import model_of


def hints(text: str) -> RequestHints:
    model = model_of(text)
    return request_hints(model.proxies[0], model)


def test_what_routes_comes_first_and_what_refuses_last() -> None:
    assert hints(
        """
        frontend www
            mode http
            acl never path /unused
            acl api path_beg /api
            http-request deny if { path /admin } or { hdr(host) bad.example }
            http-request set-header X y if { path /some }
            use_backend a if api { hdr(host) -i api.example }
            use_backend a unless { path /static }
            monitor-uri /alive
            stats uri /stats
            default_backend b
        backend a
            http-check send meth GET uri /ping
        backend b
            option httpchk HEAD /check HTTP/1.0
        """
    ) == RequestHints(
        hosts=("api.example", "bad.example"),
        paths=("/api", "/some", "/static", "/admin", "/unused", "/ping", "/check", "/alive", "/stats"),
    )


@pytest.mark.parametrize(
    ("criterion", "host"),
    [
        ("hdr(host) -i www.example:8080", "www.example"),
        ("hdr_beg(host) api.", "api.example"),
        ("hdr_beg(host) www.example", "www.example"),
        ("hdr_end(host) .example.com", "www.example.com"),
        ("req.hdr(Host),lower -m dom example.com", "example.com"),
        ("hdr_reg(host) ^www\\.example\\.com$", "www.example.com"),
        ("ssl_fc_sni -i tls.example", "tls.example"),
        ("base_beg shop.example/cart", "shop.example"),
    ],
)
def test_a_host_that_the_pattern_matches(criterion: str, host: str) -> None:
    escaped = criterion.replace("\\", "\\\\")
    assert hints(f"frontend f\n use_backend b if {{ {escaped} }}\n").hosts == (host,)


@pytest.mark.parametrize(
    ("criterion", "path"),
    [
        ("path /a", "/a"),
        ("path_beg /api/", "/api/"),
        ("path_end .php", "/index.php"),
        ("path_dir static", "/static/"),
        ("path_sub x", "/x"),
        ("path_reg ^/v1/.*", "/v1/"),
        ("path_reg ^/(a|b)/", None),
        ("url_beg /u?a=b", "/u?a=b"),
        ("path -m str no-slash", None),
        ("hdr(x) /no", None),
        ("base_beg shop.example/cart", "/cart"),
    ],
)
def test_a_path_that_the_pattern_matches(criterion: str, path: str | None) -> None:
    assert hints(f"frontend f\n use_backend b if {{ {criterion} }}\n").paths == ((path,) if path else ())


def test_methods() -> None:
    assert hints("frontend f\n use_backend b if { method POST PUT }\n").methods == ("POST", "PUT")


def test_a_tcp_frontend_that_looks_into_the_hello_speaks_tls() -> None:
    rule = "frontend f\n mode {}\n use_backend b if {{ req_ssl_sni -i a.example }}\n"
    assert hints(rule.format("tcp")) == RequestHints(hosts=("a.example",), speaks_tls=True)
    assert not hints(rule.format("http")).speaks_tls


def test_bounded() -> None:
    rules = "\n".join(f" use_backend b if {{ path /{n} }} {{ hdr(host) h{n} }}" for n in range(500))
    found = hints(f"frontend f\n{rules}\n use_backend b if {{ path /{'x' * 5000} }}\n")
    assert (len(found.paths), len(found.hosts)) == (32, 32)
    assert found.paths[0] == "/0"


@settings(deadline=None)
@given(st.lists(st.text(alphabet="/.^$\\()[]{}!aé \x07", max_size=12), max_size=6))
def test_hints_are_safe_to_send(patterns: list[str]) -> None:
    quoted = " ".join("'" + p.replace("'", "") + "'" for p in patterns)
    found = hints(f"frontend f\n use_backend b if {{ path_reg {quoted} }} || {{ hdr_beg(host) {quoted} }}\n")
    assert all(
        path.startswith("/") and path.isascii() and path.isprintable() and " " not in path
        for path in found.paths
    )
    assert all(host.isascii() and host.isprintable() and "/" not in host for host in found.hosts)


def test_a_statistics_page_is_asked_with_its_first_credentials() -> None:
    text = "listen s\n mode http\n bind :80\n stats enable\n stats auth ann:secret\n stats auth bob:x\n"
    assert hints(text).headers == (("Authorization", "Basic YW5uOnNlY3JldA=="),)
    assert hints("frontend f\n mode http\n bind :80\n").headers == ()


def test_a_tcp_frontend_that_waits_for_a_tls_hello_is_spoken_to_in_tls() -> None:
    rule = "frontend f\n mode tcp\n bind :443\n tcp-request content accept if {{ {} 1 }}\n"
    assert hints(rule.format("req_ssl_hello_type")).speaks_tls
    assert hints(rule.format("req.ssl_hello_type")).speaks_tls
    assert not hints(rule.format("req.len")).speaks_tls
