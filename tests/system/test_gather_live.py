"""Gather real HAProxy processes of this machine: several at once, reloaded, in a chroot, without rights."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from hitless.audit.engine import audit
from hitless.audit.table import MODULES, load_rule
from hitless.control.runtime_api import MasterCli, RuntimeApi
from hitless.facts import Instance, Role, RunMode, Snapshot
from hitless.gather import GatherOptions, gather_snapshot
from hitless.gather.document import read_snapshot_file, render_snapshot
from hitless.host.process_handle import ProcessHandle
from tests.system.conftest import require, unprivileged_python
from tests.system.live_haproxy import DEADLINE_S, stop_process

pytestmark = pytest.mark.system

Start = Callable[..., int]

CONFIGURATION = """\
global
    stats socket {directory}/stats.sock mode 600 level admin
defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 5s
    default-server weight 100
frontend web
    bind unix@{directory}/web.sock
    default_backend app
backend app
    server one 127.0.0.1:9
userlist people
    user a insecure-password s3cret
"""


@pytest.fixture
def start(installed_haproxy: str) -> Iterator[Start]:
    """Start HAProxy in a directory, wait until it answers, and return its pid; all end with the test."""
    with ExitStack() as stack:

        def run(directory: Path, *words: str, files: str = "haproxy.cfg") -> int:
            directory.mkdir(exist_ok=True)
            (directory / "haproxy.cfg").write_text(CONFIGURATION.format(directory=directory))
            process = subprocess.Popen(
                [installed_haproxy, *words, "-f", files],
                cwd=directory,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "DB_PASSWORD": "s3cret2"},
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            RuntimeApi(f"{directory}/stats.sock").ask_info(timeout_s=DEADLINE_S, patient=True)
            return process.pid

        yield run


def gather(**words: object) -> Snapshot:
    return gather_snapshot(GatherOptions(**words))  # type: ignore[arg-type]


def one(pid: int) -> Instance:
    (instance,) = gather(pid=pid).instances
    return instance


def test_a_master_that_has_reloaded(start: Start, tmp_path: Path) -> None:
    master = start(tmp_path / "mw", "-W", "-S", f"{tmp_path}/mw/master.sock")
    cli = MasterCli(f"{tmp_path}/mw/master.sock")
    (old,) = cli.ask_processes(timeout_s=DEADLINE_S, patient=True).workers
    with ProcessHandle(old.pid) as handle:
        cli.apply_reload()
        assert handle.await_exit(DEADLINE_S)
    RuntimeApi(f"{tmp_path}/mw/stats.sock").ask("set server app/one weight 10", timeout_s=DEADLINE_S)
    instance = one(master)
    assert instance.mode is RunMode.MASTER_WORKER
    assert instance.launch is not None
    assert "-sf" not in instance.launch.arguments
    assert "-x" not in instance.launch.arguments
    assert [f.path for f in instance.configuration] == [f"{tmp_path}/mw/haproxy.cfg"]
    assert instance.binary is not None
    assert instance.check is not None
    assert instance.check.accepted, "a reloaded master's environment must not reach the check"
    assert instance.master is not None
    (view,) = instance.workers or ()
    assert [(d.server, d.difference) for d in view.server_differences or ()] == [
        ("one", "weight 10, configured 100")
    ]
    assert {p.role for p in instance.processes or ()} == {Role.MASTER, Role.WORKER}


def test_several_at_once_and_the_document_says_the_same(start: Start, tmp_path: Path) -> None:
    classic = start(tmp_path / "classic")
    master = start(tmp_path / "mw", "-W", files=str(tmp_path / "mw"))
    snapshot = gather()
    names = {instance.name for instance in snapshot.instances}
    assert {f"pid {classic}", f"pid {master}"} <= names
    text = render_snapshot(snapshot)
    assert "s3cret" not in text
    (tmp_path / "s.json").write_text(text)
    again = read_snapshot_file(str(tmp_path / "s.json"))
    rules = [load_rule(code) for code in MODULES]
    assert audit(again, rules) == audit(snapshot, rules)
    chosen = gather(configuration=f"{tmp_path}/mw/haproxy.cfg")
    assert [i.name for i in chosen.instances] == [f"pid {master}"]
    assert one(classic).mode is RunMode.CLASSIC


def test_a_process_that_does_not_answer_is_unknown(start: Start, tmp_path: Path) -> None:
    pid = start(tmp_path / "stopped")
    stop_process(pid)
    snapshot = gather(pid=pid)
    (instance,) = snapshot.instances
    assert instance.workers is None
    assert any("did not answer in time" in u.why for u in snapshot.unknown)


def test_without_rights_what_is_hidden_is_unknown(start: Start, tmp_path: Path) -> None:
    python = unprivileged_python()
    require(os.geteuid() == 0 and python, "needs root, and a Python that anybody can run")
    assert python is not None
    pid = start(tmp_path / "hidden")
    done = subprocess.run(
        [python, "-m", "hitless", "snapshot", "--pid", str(pid)],
        user=65534,
        group=65534,
        extra_groups=[],
        cwd="/",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    require("No module named" not in done.stderr, "the packages are out of an ordinary user's reach")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    (instance,) = document["instances"]
    assert instance.get("mode", "unknown") in {"classic", "unknown"}
    assert "check" not in instance
    assert any("no permission" in u["why"] or "denied" in u["why"] for u in document["unknown"])
