from hitless.config import build_model, parse
from tests.config.samples import model_of


def references(text: str) -> list[tuple[str, str, str, int]]:
    found = model_of(text).file_references
    return [(r.kind, r.path, r.detail, int(r.where.split(":")[1])) for r in found]


def test_global() -> None:
    assert references(
        """
        global
            chroot /var/lib/haproxy
            pidfile /run/haproxy.pid
            user haproxy
            group haproxy
            uid 7
            ca-base /etc/ca
            crt-base /etc/crt
            server-state-base /state
            server-state-file servers
            ssl-dh-param-file /dh.pem
            lua-load /a.lua arg
            lua-load-per-thread b.lua
            lua-prepend-path /lua
            unix-bind user www mode 600
            stats socket /run/a.sock user u1 group g1
            h1-case-adjust-file /cases
            errorfile
        """
    ) == [
        ("chroot", "/var/lib/haproxy", "", 2),
        ("pidfile", "/run/haproxy.pid", "", 3),
        ("user", "haproxy", "", 4),
        ("group", "haproxy", "", 5),
        ("state-directory", "/state", "", 9),
        ("server-state", "/state/servers", "", 10),
        ("dh", "/dh.pem", "", 11),
        ("lua", "/a.lua", "", 12),
        ("lua", "b.lua", "", 13),
        ("user", "www", "", 15),
        ("other", "/cases", "", 17),
        ("socket", "/run/a.sock", "", 16),
        ("user", "u1", "", 16),
        ("group", "g1", "", 16),
    ]


def test_tls_files_take_their_bases() -> None:
    assert references(
        """
        global
            ca-base /ca
            crt-base /crt
        frontend a
            bind :443 ssl crt a.pem crt dir/ crt /abs.pem crt bundle ca-file c.pem crl-file r.pem crt-list l.txt
            bind :444 ssl crt @store/x ca-file @system-ca tls-ticket-keys /keys ca-verify-file v.pem
            bind /run/x.sock user crt
        backend b
            default-server ca-file c.pem
            server crt 10.0.0.1:443 ssl crt client.pem ca-file c.pem
            server ca-file 10.0.0.1:443
        """
    ) == [
        ("certificate", "/crt/a.pem", "bind", 5),
        ("certificate-directory", "/crt/dir/", "bind", 5),
        ("certificate", "/abs.pem", "bind", 5),
        ("certificate-directory", "/crt/bundle", "bind", 5),
        ("ca", "/ca/c.pem", "bind", 5),
        ("crl", "/ca/r.pem", "bind", 5),
        ("crt-list", "/crt/l.txt", "bind", 5),
        ("other", "/keys", "bind", 6),
        ("ca", "/ca/v.pem", "bind", 6),
        ("ca", "/ca/c.pem", "server", 9),
        ("certificate", "/crt/client.pem", "server", 10),
        ("socket", "/run/x.sock", "", 7),
        ("user", "crt", "", 7),
    ]


def test_proxies() -> None:
    assert references(
        """
        defaults
            errorfile 503 /e/503
            errorloc 500 /no
        http-errors site
            errorfile 404 /e/404
        frontend a
            http-request return status 200 content-type text/plain file /ok if { path -f /paths }
            http-request return status 200 string file
            http-request deny errorfile /e/403
            http-error status 400 lf-file /e/400
            filter spoe engine x config /spoe.cfg
            use_backend %[base,map_dom(/m)]
        backend b
            load-server-state-from-file local
            server-state-file-name /state/b
            external-check command /check
        backend c
            server-state-file-name use-backend-name
        crt-store s
            crt-base /sc
            key-base /sk
            load crt a.pem key a.key ocsp /a.ocsp alias x
        program p
            user prog
            command run -f /x
        ring r
            backing-file /buf
        userlist u
            user admin password x
        """
    ) == [
        ("error-file", "/e/503", "", 2),
        ("error-file", "/e/404", "", 5),
        ("other", "/ok", "", 7),
        ("acl", "/paths", "str", 7),
        ("error-file", "/e/403", "", 9),
        ("other", "/e/400", "", 10),
        ("spoe", "/spoe.cfg", "", 11),
        ("map", "/m", "dom", 12),
        ("server-state", "/state/b", "", 15),
        ("other", "/check", "external-check", 16),
        ("certificate", "/sc/a.pem", "crt-store crt", 22),
        ("other", "/sk/a.key", "crt-store key", 22),
        ("other", "/a.ocsp", "crt-store ocsp", 22),
        ("user", "prog", "", 24),
        ("other", "/buf", "", 27),
    ]


def test_default_path() -> None:
    bodies = {"config": "conf/e", "parent": "e", "origin /base": "/base/e", "current": "e"}
    for how, path in bodies.items():
        text = f"global\n default-path {how}\ndefaults\n errorfile 503 e\n".encode()
        model = build_model([parse(text, filename="conf/h.cfg")], environment={})
        assert model.file_references[0].path == path, how
