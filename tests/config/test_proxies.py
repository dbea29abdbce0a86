from tests.config.samples import model_of

DEFAULTS = """
    defaults base
        mode http
        timeout client 30s
        timeout server 1m
        timeout connect 5000
        option httplog
        option httpclose
        option dontlognull
        retries 2
        default-server inter 2s check
        errorfile 503 /errors/503
    """


def test_a_proxy_inherits_from_the_latest_defaults_or_the_named_ones() -> None:
    model = model_of(
        DEFAULTS
        + """
    frontend a
        bind :80
    defaults second from base
        no option dontlognull
        timeout client 10s
    listen b
    backend c from base
    defaults
    frontend d
        bind :81
    """
    )
    a, b, c, d = model.proxies
    assert (a.defaults_where, b.defaults_where, c.defaults_where, d.defaults_where) == (
        *("h.cfg:1", "h.cfg:15", "h.cfg:1", "h.cfg:20"),
    )
    assert (a.mode, d.mode) == ("http", "tcp")
    assert a.timeouts["client"].seconds == 30
    assert (b.timeouts["client"].seconds, b.timeouts["client"].where) == (10, "h.cfg:17")
    assert b.timeouts["connect"].seconds == 5
    assert set(a.timeouts) == {"client"}
    assert set(c.timeouts) == {"server", "connect"}
    assert "dontlognull" in a.options
    assert "dontlognull" not in b.options
    assert (d.timeouts, d.options, d.directives) == ({}, {}, ())
    assert not model.diagnostics


def test_a_later_line_replaces_what_it_sets_and_others_add_up() -> None:
    model = model_of(
        DEFAULTS
        + """
    backend b
        retries 3
        errorfile 503 /own
        errorfile 500 /own500
        option http-server-close
        http-request set-header A b
        http-request set-header A b
    """
    )
    (b,) = model.proxies
    assert [d.words[:2] for d in b.directives] == [
        ("default-server", "inter"),
        *(("retries", "3"), ("errorfile", "503"), ("errorfile", "500")),
        *(("http-request", "set-header"), ("http-request", "set-header")),
    ]
    assert set(b.options) == {"httplog", "dontlognull", "http-server-close"}
    assert b.all("errorfile", "503")[0].words[2] == "/own"


def test_own_check_rules_replace_inherited_ones() -> None:
    model = model_of(
        "defaults\n http-check send uri /a\nbackend b\n http-check send uri /b\n http-check expect status 200\n"
    )
    assert [d.words[1] for d in model.proxies[0].all("http-check")] == ["send", "expect"]
    assert model.proxies[0].directives[0].words[-1] == "/b"


def test_servers_have_their_defaults_options_and_templates() -> None:
    model = model_of(
        DEFAULTS
        + """
    backend b
        server one 10.0.0.1:80 weight 3
        default-server no-check maxconn 9
        server two host.example:8080
        server-template t 2 srv.example:80 check
        server-template u 5-6 10.0.0.9
    """
    )
    servers = model.proxies[0].servers
    assert [s.name for s in servers] == ["one", "two", "t1", "t2", "u5", "u6"]
    assert servers[0].options == {"inter": ("2s",), "check": (), "weight": ("3",)}
    assert servers[1].options == {"inter": ("2s",), "no-check": (), "maxconn": ("9",)}
    assert servers[2].has("check")
    assert (servers[1].address.kind, servers[1].address.port) == ("name", 8080)
    assert (servers[5].address.host, servers[5].address.port) == ("10.0.0.9", 0)


def test_unusable_lines_are_noted_never_raised() -> None:
    model = model_of(
        """
        defaults x from nowhere
        frontend
            bind
            bind 1.2.3.4
            timeout client soon
            timeout
            no log x
            no bind :80
        backend b from nothing
            server
            server a
            server a bad:address
            server a :80 frobnicate
            server-template t x :80
            server-template t 1-9999999 :80
        """
    )
    assert len(model.diagnostics) == 14
    assert len(model.proxies[1].servers) == 100_001
    assert all(entry.startswith("h.cfg:") for entry in model.diagnostics)


def test_disabled_is_inherited_and_taken_back() -> None:
    model = model_of("defaults\n disabled\nfrontend a\n bind :80\nfrontend b\n bind :81\n enabled\n")
    assert [p.disabled for p in model.proxies] == [True, False]
    assert [p.name for p in model.frontends] == ["b"]


def test_log_global_brings_the_targets_of_global() -> None:
    model = model_of(
        "global\n log /dev/log local0\ndefaults\n log global\nfrontend a\n log 10.0.0.1 local1\nfrontend b\n no log\n"
    )
    assert [t.facility for t in model.proxies[0].log_targets] == ["local0", "local1"]
    assert model.proxies[1].log_targets == ()
