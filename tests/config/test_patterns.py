import pytest

from hitless.config.patterns import PatternFile, matching_method, pattern_files


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("use_backend %[req.hdr(host),lower,map(/m,web)]", [("map", "/m", "str")]),
        ("use_backend %[src,map_ip(/m)] if x", [("map", "/m", "ip")]),
        ("http-request set-var(txn.x) path,map_reg_int(/m,0)", [("map", "/m", "reg")]),
        ("http-request set-map(/m) %[src] 1", [("map", "/m", "")]),
        ("http-request add-acl(/a) %[src]", [("acl", "/a", "")]),
        ("http-request del-acl(/a) %[src]", [("acl", "/a", "")]),
        (
            "use_backend %[path,map(file@/m)]%[src,map_ip(virt@x)]%[src,map_ip(opt@/y)]",
            [("map", "/m", "str")],
        ),
        ("acl bad src -f /a -f /b 10.0.0.0/8", [("acl", "/a", "ip"), ("acl", "/b", "ip")]),
        ("acl p path_beg -i -M -f /a", [("acl", "/a", "beg")]),
        ("acl p path -m reg -f /a", [("acl", "/a", "reg")]),
        (
            "http-request deny if { hdr_dom(host) -f /a } !{ path -f /b }",
            [("acl", "/a", "dom"), ("acl", "/b", "str")],
        ),
        (
            "http-request deny unless { var(txn.t),jwt_verify(txn.a,/key.pem) 1 }",
            [("other", "/key.pem", "jwt")],
        ),
        ("http-request deny unless { var(txn.t),jwt_verify(txn.a,txn.key) 1 }", []),
        ("description -f /x", []),
        ("acl x src -f", []),
    ],
)
def test_files_of_a_line(line: str, found: list[tuple[str, str, str]]) -> None:
    assert list(pattern_files(line.split())) == [PatternFile(*f) for f in found]


def test_matching_method() -> None:
    methods = {
        "path_beg": "beg",
        "hdr_end(host)": "end",
        "src": "ip",
        "path": "str",
        "ssl_fc_sni": "str",
        "url_reg": "reg",
    }
    assert {fetch: matching_method(fetch) for fetch in methods} == methods
