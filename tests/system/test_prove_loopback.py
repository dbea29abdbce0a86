"""What an ordinary user gets, and what is left where no namespace is granted."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.system.conftest import require
from tests.system.proofs import KEEPALIVE, QUICK
from tests.system.sandbox_helpers import NOBODY, PROGRAMS, python_for, search_path

pytestmark = pytest.mark.system

ON_LOOPBACK = """\
global
    stats socket {directory}/admin.sock level admin expose-fd listeners
defaults
    mode http
    timeout connect 2s
    timeout client 10s
    timeout server 10s
frontend www
    bind 127.0.0.1:{www}
    default_backend app
backend app
    server s1 127.0.0.1:{app}
"""


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory that an ordinary user can reach and write to; pytest's own are closed to others."""
    require(os.geteuid() == 0, "needs root, to become somebody else")
    with tempfile.TemporaryDirectory(prefix="hitless-test-") as path:
        os.chown(path, NOBODY, NOBODY)
        yield Path(path)


def prove(directory: Path, *words: str, namespaces: bool) -> "subprocess.CompletedProcess[str]":
    """Run `hitless prove` as nobody, where namespaces are granted or where none are."""
    (directory / "tmp").mkdir(mode=0o777)
    (directory / "tmp").chmod(0o777)
    environment = {
        "PATH": f"{os.environ['PATH']}:/usr/sbin",
        "HOME": "/tmp",
        "TMPDIR": str(directory / "tmp"),
        "PYTHONPATH": search_path(),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    python = python_for("user")
    command = [python, "-m", "hitless", "prove", "haproxy.cfg", "--output", "bundle", *words]
    if namespaces:
        command = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", *command]
    else:
        command = [python, str(PROGRAMS / "without_namespaces.py"), str(NOBODY), *command]
        command[3] = _which(python)
    return subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True, check=False, timeout=150
    )


def _which(python: str) -> str:
    return python if python.startswith("/") else f"/usr/bin/{python}"


def test_an_ordinary_user_gets_a_proof_and_reads_what_it_lacked(directory: Path) -> None:
    (directory / "haproxy.cfg").write_text(KEEPALIVE)
    done = prove(directory, *QUICK, "--reloads", "1", namespaces=True)
    assert done.returncode == 1, done.stderr
    assert "HL501" in done.stdout, done.stdout
    assert "counters only: the kernel's" in done.stdout
    assert "not root: run hitless with sudo" in " ".join(done.stdout.split())


def test_without_any_namespace_the_hosts_loopback_serves_and_nothing_stays_there(directory: Path) -> None:
    configuration = ON_LOOPBACK.format(directory=directory, www=free_port(), app=free_port())
    (directory / "haproxy.cfg").write_text(configuration)
    done = prove(directory, *QUICK, "--reloads", "1", "--format", "json", namespaces=False)
    assert done.returncode == 1, done.stderr
    document = json.loads(done.stdout)
    assert [cause["code"] for cause in document["causes"]] == ["HL501"]
    assert "HAProxy ran on this host's own loopback" in document["limitations"][0]
    assert "max_user_namespaces is 0" in str(document["limitations"])
    assert sorted(path.name for path in directory.iterdir()) == ["bundle", "haproxy.cfg", "tmp"]
    assert list((directory / "tmp").iterdir()) == []
    assert (directory / "haproxy.cfg").read_text() == configuration


@pytest.mark.parametrize(
    ("configuration", "words", "said"),
    [
        (KEEPALIVE, (), "haproxy.cfg:11: binds 192.168.10.25:80, which is not loopback"),
        (
            ON_LOOPBACK.replace("{www}", "81"),
            (),
            "haproxy.cfg:9: binds port 81, which this user may not bind",
        ),
        (ON_LOOPBACK, ("--change", "haproxy.cfg"), "--change needs a private namespace"),
    ],
)
def test_what_loopback_cannot_take_is_refused_by_line_with_a_way_out(
    directory: Path, configuration: str, words: tuple[str, ...], said: str
) -> None:
    text = configuration.format(directory=directory, www=free_port(), app=free_port())
    (directory / "haproxy.cfg").write_text(text)
    done = prove(directory, *words, namespaces=False)
    assert done.returncode == 3
    assert said in done.stderr
    assert "to get a namespace: " in done.stderr.lower()
    assert "Traceback" not in done.stderr
    assert not (directory / "bundle").exists()
