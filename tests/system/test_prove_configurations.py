"""Real configurations: what they name and this machine lacks, and what HAProxy refuses."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.conftest import require, unprivileged_python
from tests.system.proofs import DEFERRED, QUICK, command, prove

pytestmark = pytest.mark.system

RICH = """\
global
    log /dev/log local0
    chroot /var/lib/haproxy-that-is-not-here
    user haproxy-nobody-has
    group haproxy-nobody-has
    stats socket /run/haproxy-nowhere/admin.sock mode 660 level admin expose-fd listeners
    hard-stop-after 30s
    ca-base /etc/ssl/certs
    crt-base /etc/ssl/private
defaults
    log global
    mode http
    option httplog
    option idle-close-on-response
    timeout connect 2s
    timeout client 10s
    timeout server 10s
    timeout tunnel 60s
    errorfile 503 /etc/haproxy/errors-not-here/503.http
resolvers dns
    nameserver one 10.0.0.53:53
frontend www
    bind 192.168.10.25:80
    bind [2001:db8:10::25]:80
    http-request set-var(txn.team) str(a),map(/etc/haproxy/maps/teams.map,none)
    use_backend api if { hdr(host) -i api.example.com }
    default_backend web
frontend secure
    bind 192.168.10.25:443 ssl crt lacking.pem alpn h2,http/1.1
    default_backend web
frontend raw
    mode tcp
    option tcplog
    bind 192.168.10.25:5432
    default_backend postgres
backend web
    option httpchk GET /health
    http-check expect status 200
    server web1 web1.example.internal:8080 check inter 500ms resolvers dns
    server web2 [2001:db8:20::2]:8080 check inter 500ms
backend api
    server api1 10.0.12.40:9000 ssl verify none check
backend postgres
    mode tcp
    server db1 10.0.12.50:5432 check
"""


def test_a_rich_configuration_runs_unmodified(haproxy: str, tmp_path: Path) -> None:
    proof = prove(tmp_path, RICH, "--haproxy", haproxy, "--reloads", "2", "--spacing", "2s")
    coverage = proof.document["coverage"]
    assert (coverage["covered"], coverage["frontends"]) == (3, 3), proof.told()
    assert coverage["not_covered"] == [], proof.told()
    assert proof.document["verdict"]["evidence_complete"], proof.told()
    kinds = {stand_in["kind"] for stand_in in coverage["stand_ins"]}
    assert {"certificate", "user", "group", "chroot"} <= kinds
    workloads = {(row["name"], row["frontend"]) for row in proof.document["workloads"]}
    assert {("keepalive", "www"), ("websocket", "www"), ("h2", "secure"), ("tcp", "raw")} <= workloads
    assert not Path("/var/lib/haproxy-that-is-not-here").exists()
    assert proof.causes.get("unexplained", 0) == 0, proof.told()


def run(*words: str, directory: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command("prove", *words), capture_output=True, text=True, timeout=120, check=False, cwd=directory
    )


def test_fatal_advice_is_answered_with_the_right_form(haproxy: str, tmp_path: Path) -> None:
    file = tmp_path / "circulating.cfg"
    file.write_text(
        "global\n    master-worker\n    expose-fd listeners\n    hard-stop-after 30s\n"
        + DEFERRED.split("\n", 3)[3]
    )
    done = run(str(file), "--haproxy", haproxy, directory=tmp_path)
    assert done.returncode == 2, done.stderr
    assert f"{file}:3" in done.stderr
    assert "stats socket" in done.stderr
    assert "expose-fd listeners" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["circulating.cfg"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("defaults\n    mode http\nbackend b\n    server s 10.0.0.1:80\n", "no frontend"),
        ("frontend f\n    bind :80\n    no-such-keyword here\n", "no-such-keyword"),
        ("", ""),
    ],
)
def test_what_cannot_be_proven_is_said(embedded_haproxy: str, tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "haproxy.cfg"
    file.write_text(text)
    done = run(str(file), "--haproxy", embedded_haproxy, directory=tmp_path)
    assert done.returncode == 2, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    done = run("not-there.cfg", directory=tmp_path)
    assert done.returncode == 2
    assert "not-there.cfg" in done.stderr


def test_an_ordinary_user_gets_a_verdict_that_says_what_it_lacks(
    embedded_haproxy: str, tmp_path: Path
) -> None:
    require(os.geteuid() == 0, "only root can become an ordinary user here")
    python = unprivileged_python()
    require(python, "no Python that an ordinary user may start")
    nobody = pwd.getpwnam("nobody")
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    for parent in (tmp_path, *tmp_path.parents):
        if parent != Path("/tmp"):
            parent.chmod(parent.stat().st_mode | 0o055)
    (home / "haproxy.cfg").write_text(DEFERRED)
    done = subprocess.run(
        [
            str(python),
            *command("prove", "haproxy.cfg", "--haproxy", embedded_haproxy, "--reloads", "1", *QUICK)[1:],
        ],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
        cwd=home,
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        },
    )
    assert done.returncode in {0, 3}, done.stdout + done.stderr
    assert "tracefs" in done.stdout or "counters" in done.stdout, done.stdout
