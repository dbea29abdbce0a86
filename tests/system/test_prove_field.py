"""What configurations in the field are made of: each piece is covered, and no client is a victim of the prover."""

from pathlib import Path

import pytest

from tests.system.proofs import Proof, prove

pytestmark = pytest.mark.system

HEAD = """\
defaults
    mode http
    option idle-close-on-response
    timeout connect 2s
    timeout client 20s
    timeout server 20s
"""
LIMITS = """\
frontend www
    bind :80
    stick-table type ip size 10k expire 30s store conn_cur,conn_rate(3s),http_req_rate(10s)
    tcp-request connection track-sc0 src
    tcp-request connection reject if { sc_conn_cur(0) ge 20 } || { sc_conn_rate(0) gt 60 }
    tcp-request connection reject unless { src 10.0.0.0/8 192.168.0.0/16 }
    http-request deny deny_status 429 if { sc_http_req_rate(0) gt 200 }
    default_backend web
backend web
    server s1 10.1.1.1:80 check
"""
CHAIN = """\
frontend outer
    mode tcp
    bind :443
    tcp-request inspect-delay 5s
    tcp-request content accept if { req_ssl_hello_type 1 }
    use_backend elsewhere if { req_ssl_sni -m end .example.org }
    default_backend to-inner
frontend inner
    bind abns@hitless-test-inner accept-proxy ssl crt /etc/haproxy/not-here.pem alpn h2,http/1.1
    bind /run/hitless-test-not-here/inner.sock accept-proxy ssl crt /etc/haproxy/not-here.pem
    default_backend web
backend elsewhere
    mode tcp
    server s1 10.2.0.1:443
backend to-inner
    mode tcp
    server s1 abns@hitless-test-inner send-proxy-v2
backend web
    server s1 10.1.1.1:80
"""
PROGRAMS = """\
global
    lua-load /etc/haproxy/not-here.lua
frontend www
    bind :80
    filter spoe engine guard config /etc/haproxy/guard-not-here.cfg
    http-request send-spoe-group guard ask
    http-request lua.check strict 10 if { path /login }
    http-request use-service lua.page if { path /page }
    http-request set-header X-Colour %[lua.colour]
    default_backend web
backend web
    server s1 10.1.1.1:80
backend guards
    mode tcp
    server g1 127.0.0.1:9000
"""
STRICT = """\
frontend shop
    bind :443 ssl crt /etc/haproxy/shop.example.com.pem strict-sni alpn h2,http/1.1
    default_backend web
listen stats
    bind :8404
    stats enable
    stats uri /stats
    stats auth ann:secret
backend web
    server s1 10.1.1.1:80
"""
PORTS = """\
listen media
    mode tcp
    bind 10.5.0.1:10000-10009
    server s1 10.5.1.1
listen shifted
    mode tcp
    bind 10.5.0.2:7000-7002
    server s1 10.5.1.2:+1000
listen database
    mode tcp
    bind 10.5.0.3:3306
    option mysql-check user check
    server s1 10.5.1.3:3306 check
"""


def proven(directory: Path, text: str, haproxy: str) -> Proof:
    proof = prove(directory, HEAD + text, "--haproxy", haproxy, "--reloads", "1")
    coverage = proof.document["coverage"]
    assert coverage["covered"] == coverage["frontends"], proof.told()
    assert coverage["not_covered"] == [], proof.told()
    assert proof.causes == {}, proof.told()
    return proof


def test_limits_by_source_address_let_many_clients_in(installed_haproxy: str, tmp_path: Path) -> None:
    proof = proven(tmp_path, LIMITS, installed_haproxy)
    for row in proof.document["workloads"]:
        refused = {"connect_reset", "empty_reply", "reset_before_response"} & set(row["control"]["outcomes"])
        assert not refused, proof.told()


def test_a_frontend_behind_another_is_spoken_to_through_it(haproxy: str, tmp_path: Path) -> None:
    proof = proven(tmp_path, CHAIN, haproxy)
    rows = {(row["name"], row["frontend"]): row for row in proof.document["workloads"]}
    for name in ("keepalive", "websocket", "h2"):
        for frontend in ("outer", "inner"):
            assert rows[name, frontend]["outcomes"].get("ok"), proof.told()


def test_programs_that_are_not_here_are_stood_in_for(haproxy: str, tmp_path: Path) -> None:
    proof = proven(tmp_path, PROGRAMS, haproxy)
    kinds = {stand_in["kind"] for stand_in in proof.document["coverage"]["stand_ins"]}
    assert {"lua", "spoe"} <= kinds


def test_strict_names_and_passwords_are_met(embedded_haproxy: str, tmp_path: Path) -> None:
    proof = proven(tmp_path, STRICT, embedded_haproxy)
    rows = [row for row in proof.document["workloads"] if row["name"] == "keepalive"]
    assert sorted(row["frontend"] for row in rows) == ["shop", "stats"]
    assert all(set(row["control"]["outcomes"]) <= {"ok", "slow"} for row in rows), proof.told()


def test_ranges_and_offsets_of_ports(installed_haproxy: str, tmp_path: Path) -> None:
    proof = proven(tmp_path, PORTS, installed_haproxy)
    addresses = {row["address"] for row in proof.document["workloads"]}
    assert {"10.5.0.1:10000", "10.5.0.1:10009", "10.5.0.2:7002", "10.5.0.3:3306"} <= addresses
