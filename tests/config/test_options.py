from hitless.config.options import bind_options, server_options


def test_bind_keywords_take_their_words_and_add_up() -> None:
    options, unknown = bind_options(
        [
            "ssl",
            "crt",
            "a.pem",
            "crt",
            "crt",
            "alpn",
            "h2",
            "no-sslv3",
            "maxconn",
            "ssl",
            "bogus",
            "strict-sni",
        ]
    )
    assert options == {
        "ssl": (),
        "crt": ("a.pem", "crt"),
        "alpn": ("h2",),
        "no-sslv3": (),
        "maxconn": ("ssl",),
        "strict-sni": (),
    }
    assert unknown == ["bogus"]


def test_a_server_line_is_over_its_defaults() -> None:
    options, unknown = server_options(
        ["no-check", "inter", "1s", "disabled", "sni", "str(x)", "what"],
        {"check": (), "inter": ("9s",), "fall": ("3",)},
    )
    assert options == {"fall": ("3",), "no-check": (), "inter": ("1s",), "disabled": (), "sni": ("str(x)",)}
    assert unknown == ["what"]


def test_opposites_take_each_other_back() -> None:
    assert server_options(["check"], {"no-check": ()})[0] == {"check": ()}
    assert server_options(["enabled"], {"disabled": ()})[0] == {"enabled": ()}
    assert server_options(["source", "10.0.0.1", "usesrc", "clientip", "interface", "eth0"], {})[0] == {
        "source": ("10.0.0.1",),
        "usesrc": ("clientip",),
        "interface": ("eth0",),
    }


def test_a_keyword_at_the_end_may_lack_its_word() -> None:
    assert bind_options(["crt"])[0] == {"crt": ()}
    assert server_options(["set-proxy-v2-tlv-fmt(0x20)", "%[src]"], {})[0] == {
        "set-proxy-v2-tlv-fmt": ("0x20", "%[src]")
    }
