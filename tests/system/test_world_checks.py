"""Every kind of health check of a real HAProxy goes up against the simulated world."""

import os
from pathlib import Path

import pytest

from hitless.sandbox.world import plan_world
from tests.system.conftest import require
from tests.system.world_bed import (
    haproxy_process,
    model_of,
    private_network,
    server_states,
    wait_until,
    world,
)

pytestmark = pytest.mark.system

CONFIG = """\
global
    stats socket {directory}/stats.sock level admin
    maxconn 200
defaults
    mode http
    timeout connect 20s
    timeout client 20s
    timeout server 20s
    timeout check 20s
    default-server inter 2s fastinter 200ms downinter 200ms rise 2 fall 1
frontend fe
    bind :80
    default_backend plain
backend plain
    server same-port 10.0.0.1:80 check
    server other-port 10.0.0.1:8080 check port 8081
    server other-address 10.0.0.1:8080 check addr 10.9.9.9 port 99
    server v6 [2001:db8:77::5]:80 check
    server tls 10.0.0.2:443 check ssl verify none
    server tls-only-check 10.0.0.2:8443 check check-ssl verify none
    server proxied 10.0.0.3:80 check send-proxy-v2
    server path {directory}/app.sock check
    server abstract abns@hitless-app check
backend http-default
    option httpchk
    server s 10.1.0.1:80 check
    server tls-h2 10.1.0.2:443 check ssl verify none alpn h2 check-alpn h2
    server h2 10.1.0.3:80 check proto h2
    server proxied 10.1.0.4:80 check send-proxy
    server tls 10.1.0.5:443 check ssl verify none send-proxy-v2 check-send-proxy
backend http-status
    option httpchk GET /health HTTP/1.1
    http-check send hdr Host api.example.com
    http-check expect status 204
    server s 10.1.1.1:80 check
backend http-rstatus
    option httpchk
    http-check send meth GET uri /up?x=1 ver HTTP/1.1 hdr Host a
    http-check expect rstatus ^40[13]$
    server s 10.1.1.2:80 check
backend http-string
    option httpchk GET /s
    http-check expect string "status\\": \\"UP"
    server s 10.1.1.3:80 check
backend http-rstring
    option httpchk GET /r
    http-check expect rstring "(?:ready|fine) [0-9]{{3,5}} (ok|yes)"
    http-check expect ! string FAILED
    server s 10.1.1.4:80 check
backend http-header
    option httpchk GET /h
    http-check expect hdr name x-state value -m beg up
    server s 10.1.1.5:80 check
backend http-two-rounds
    option httpchk
    http-check connect
    http-check send meth GET uri /one
    http-check expect status 200
    http-check connect port 8099
    http-check send meth GET uri /two
    http-check expect string second
    server s 10.1.1.6:80 check
backend tcp-redis
    mode tcp
    option tcp-check
    tcp-check connect
    tcp-check send PING\\r\\n
    tcp-check expect string +PONG
    tcp-check send info\\ replication\\r\\n
    tcp-check expect string role:master
    tcp-check send QUIT\\r\\n
    tcp-check expect string +OK
    server s 10.2.0.1:6379 check
backend tcp-banner
    mode tcp
    option tcp-check
    tcp-check connect port 110
    tcp-check expect string +OK\\ POP3\\ ready
    tcp-check connect port 143
    tcp-check expect rstring ^\\*\\ OK\\ .*ready
    server s 10.2.0.2:25 check
backend tcp-binary
    mode tcp
    option tcp-check
    tcp-check send-binary 50494e470d0a
    tcp-check expect binary 2b504f4e47
    server s 10.2.0.3:7000 check
backend tcp-http
    mode tcp
    option tcp-check
    tcp-check connect port 80
    tcp-check send GET\\ /\\ HTTP/1.0\\r\\n
    tcp-check send \\r\\n
    tcp-check expect rstring HTTP/1\\..\\ (2..|3..)
    tcp-check connect port 443 ssl
    tcp-check send GET\\ /\\ HTTP/1.0\\r\\n\\r\\n
    tcp-check expect rstring (2..|3..)
    server s 10.2.0.4:80 check verify none
backend tcp-connect
    mode tcp
    option tcp-check
    server s 10.2.0.5:7001 check
backend redis
    mode tcp
    option redis-check
    server s 10.3.0.1:6379 check
backend smtp
    mode tcp
    option smtpchk
    server s 10.3.0.2:25 check
    server proxied 10.3.0.3:25 check send-proxy
backend ehlo
    mode tcp
    option smtpchk EHLO mail.example.com
    server s 10.3.0.4:25 check
backend mysql
    mode tcp
    option mysql-check user haproxy
    server s 10.3.0.5:3306 check
backend mysql-old
    mode tcp
    option mysql-check user haproxy pre-41
    server s 10.3.0.6:3306 check
backend mysql-bare
    mode tcp
    option mysql-check
    server s 10.3.0.7:3306 check
backend pgsql
    mode tcp
    option pgsql-check user haproxy
    server s 10.3.0.8:5432 check
backend ldap
    mode tcp
    option ldap-check
    server s 10.3.0.9:389 check
backend ssl-hello
    mode tcp
    option ssl-hello-chk
    server s 10.3.0.10:443 check
backend agent
    server s 10.4.0.1:80 check agent-check agent-port 9999 agent-inter 2s
    server elsewhere 10.4.0.2:80 check agent-check agent-port 9998 agent-addr 10.4.0.99 agent-send hi\\n
"""


@pytest.fixture(autouse=True)
def _root() -> None:
    require(os.geteuid() == 0, "a network namespace needs root here")


def test_every_check_goes_up(haproxy: str, tmp_path: Path, world_certificate: Path) -> None:
    text = CONFIG.format(directory=tmp_path)
    plan = plan_world(model_of(text), certificate=str(world_certificate))
    assert plan.cannot_imitate == ()
    with private_network(), world(plan, tmp_path), haproxy_process(haproxy, text, plan, tmp_path):

        def not_up() -> dict[str, tuple[str, str]]:
            return {
                name: state
                for name, state in server_states(tmp_path).items()
                if state[0] != "UP" or state[1].lstrip("* ") not in {"L4OK", "L6OK", "L7OK", "L7OKC"}
            }

        assert len(server_states(tmp_path)) > 30
        wait_until(lambda: not not_up(), not_up, timeout_s=60)
