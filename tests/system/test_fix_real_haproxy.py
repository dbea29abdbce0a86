"""`hitless fix` on configurations that circulate: the real HAProxy refuses them before and accepts them after."""

import json
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from hitless.audit.baseline import baseline_files
from hitless.control import check_configuration, find_haproxy
from tests.cli.commands import hitless
from tests.ports import free_port

pytestmark = pytest.mark.system

WEB = """\
global
    expose-fd listeners
    hard-stop-after 30s
defaults
    mode http
    timeout connect 5s
    timeout client 10s
    timeout server 10s
frontend vip
    bind 127.0.0.5:8443 ssl crt {pem} freebind
    bind :8080 reuseport\t# everywhere
    bind :8081 freebind
frontend old :8082
"""
MENDED = """\
global
    stats socket /run/haproxy/admin.sock mode 660 level admin expose-fd listeners
    hard-stop-after 30s
defaults
    mode http
    option idle-close-on-response
    timeout connect 5s
    timeout client 10s
    timeout server 10s
frontend vip
    bind 127.0.0.5:8443 ssl crt {pem} transparent
    bind :8080\t# everywhere
    bind :8081
frontend old
    bind :8082
"""


def accepted(haproxy: str, path: Path) -> bool:
    return check_configuration(find_haproxy(haproxy), [str(path)]).ok


@pytest.fixture
def web(tmp_path: Path) -> Path:
    from tests.system.test_examples import write_certificate

    write_certificate(tmp_path / "shop.pem")
    path = tmp_path / "haproxy.cfg"
    path.write_text(WEB.format(pem=tmp_path / "shop.pem").replace("\n", "\r\n"))
    return path


def test_what_circulates_is_mended_and_put_back(haproxy_path: str, web: Path, tmp_path: Path) -> None:
    before = web.read_bytes()
    assert not accepted(haproxy_path, web)
    words = (str(web), "--haproxy", haproxy_path, "--backup-dir", str(tmp_path / "backups"))
    done = hitless("fix", *words, "--apply")
    assert done.status == 0, done.stderr
    mended = MENDED.format(pem=tmp_path / "shop.pem").replace("\n", "\r\n")
    assert web.read_bytes().decode() == mended
    assert accepted(haproxy_path, web)
    assert hitless("fix", *words).status == 0, "a second run changes nothing"
    assert hitless("fix", "--undo", "--backup-dir", str(tmp_path / "backups")).status == 0
    assert web.read_bytes() == before


def test_what_is_refused_for_another_reason_stays_whole(haproxy_path: str, web: Path, tmp_path: Path) -> None:
    web.write_bytes(web.read_bytes() + b"    no-such-keyword\r\n")
    before = web.read_bytes()
    words = ("--haproxy", haproxy_path, "--backup-dir", str(tmp_path / "backups"))
    done = hitless("fix", str(web), *words, "--apply")
    assert done.status == 3
    assert "no-such-keyword" in done.stderr
    assert web.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["haproxy.cfg", "shop.pem"]


def test_the_log_of_the_baseline_is_json(haproxy_path: str, tmp_path: Path) -> None:
    """Quotes and backslashes of a request do not break the line, nor does a long URI."""
    target = str(tmp_path / "log")
    text = baseline_files(find_haproxy(haproxy_path).version)["/etc/haproxy/haproxy.cfg"]
    log_format = next(line for line in text.splitlines() if "log-format" in line)
    log = next(line for line in text.splitlines() if "log /dev/log" in line).replace("/dev/log", target)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(target)
        Path(target).chmod(0o777)
        receiver.settimeout(30)
        port = free_port()
        times = "timeout connect 1s\ntimeout client 30s\ntimeout server 30s\n"
        front = f"frontend f\nbind 127.0.0.1:{port}\nhttp-request deny\n"
        configuration = tmp_path / "h.cfg"
        configuration.write_text(
            f"global\n{log}\ndefaults\nmode http\nlog global\n{log_format}\n{times}{front}"
        )
        with subprocess.Popen(
            [haproxy_path, "-D", "-p", str(tmp_path / "pid"), "-f", str(configuration)]
        ) as up:
            assert up.wait(30) == 0
        try:
            for uri in (r'/a"b\c\"d', "/" + '"' * 1500):
                with socket.create_connection(("127.0.0.1", port), 30) as client:
                    client.sendall(f"GET {uri} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                    assert b"403" in client.recv(200)
                line = next(d for d in iter(lambda: receiver.recv(65536), b"") if b"{" in d)
                found = json.loads(line[line.index(b"{") :])
                assert uri.startswith(found["uri"])
                assert len(found["uri"]) > min(len(uri), 1000) - 1, (
                    "HAProxy keeps 1023 bytes, the method's included"
                )
                assert (found["method"], found["status"]) == ("GET", 403)
        finally:
            subprocess.run(["/bin/kill", (tmp_path / "pid").read_text().strip()], check=True)


def test_systemd_takes_the_drop_in(tmp_path: Path) -> None:
    """Its exit status does not say so; its words do."""
    analyse = shutil.which("systemd-analyze")
    if analyse is None:
        pytest.skip("no systemd-analyze here")
    unit = tmp_path / "hitless-test.service"
    unit.write_text("[Service]\nType=notify\nEnvironment=CONFIG=/x EXTRAOPTS=\nExecStart=/bin/true\n")
    drop_ins = tmp_path / "hitless-test.service.d"
    drop_ins.mkdir()
    text = baseline_files((2, 8, 0), program="/bin/true")[
        "/etc/systemd/system/haproxy.service.d/90-hitless.conf"
    ]
    (drop_ins / "90-hitless.conf").write_text(text)
    done = subprocess.run([analyse, "verify", str(unit)], capture_output=True, text=True, check=False)
    assert "90-hitless.conf" not in done.stderr
