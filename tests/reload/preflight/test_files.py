import os
from pathlib import Path

import pytest

from hitless.facts import Process, Role, RunMode
from hitless.reload.preflight.files import Problem, check_files, judge_files
from hitless.reload.preflight.options import PreflightOptions
from hitless.reloads import CheckState, PreflightCheck
from tests.reload.preflight.targets import target

US = Process(pid=os.getpid(), parent_pid=1, role=Role.MASTER, arguments=("haproxy", "-W", "-f", "/h.cfg"))
LISTENS = """```json host
{"unix_listening": [{"name": "/run/gone/x.sock.9.tmp", "inode": 5, "pids": [%d]}]}
```
"""


def check(text: str, root: Path, *words: str, version: str = "2.8.25", **more: object) -> PreflightCheck:
    (root / "run").mkdir(exist_ok=True)
    (root / "file").write_text("")
    seen = target(
        text,
        version=version,
        processes=(US,),
        arguments=("haproxy", "-W", *words, "-f", "/h.cfg"),
        root=root,
        **more,  # type: ignore[arg-type]
    )
    (found,) = check_files(seen, PreflightOptions())
    return found


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        (
            "global\n    chroot /gone\n",
            (),
            "chroot /gone: /gone does not exist; the reload would end the service",
        ),
        ("global\n    chroot /file\n", (), "/file is no directory"),
        (
            "global\n    pidfile /gone/p\n",
            (),
            "pid file /gone/p: /gone does not exist; the reload would fail",
        ),
        ("global\n", ("-p", "/gone/p"), "pid file /gone/p"),
        ("global\n", ("-p", "/run"), "/run is a directory"),
        (
            "global\n",
            ("-S", "/gone/m.sock,mode,600"),
            "master CLI (-S) /gone/m.sock: /gone does not exist; the reload would end",
        ),
        ("global\n    stats socket /gone/a.sock\n", (), "refuse clients for two seconds"),
        ("frontend x\n    bind unix@/gone/a.sock\n", (), "frontend x /gone/a.sock"),
    ],
)
def test_what_is_missing_and_what_it_would_do(
    tmp_path: Path, text: str, words: tuple[str, ...], said: str
) -> None:
    found = check(text, tmp_path, *words)
    assert found.state is CheckState.FAILED
    assert said in found.message


def test_what_is_there_passes(tmp_path: Path) -> None:
    text = "global\n    chroot /run\n    pidfile /run/p\n    stats socket /run/a.sock\n"
    assert check(text, tmp_path, "-S", "/run/m.sock", "-p", "/run/p").state is CheckState.PASSED


def test_the_same_loss_is_less_or_more_by_version(tmp_path: Path) -> None:
    assert "the reload would fail" in check("global\n    chroot /gone\n", tmp_path, version="3.2.26").message
    assert "end the master" in check("global\n    pidfile /gone/p\n", tmp_path, version="3.2.26").message


def test_a_socket_that_is_handed_over_needs_no_directory(tmp_path: Path) -> None:
    text = "frontend x\n    bind unix@/run/gone/x.sock\n"
    found = check(text, tmp_path, blocks=LISTENS % os.getpid())
    assert found.state is CheckState.WARNED
    assert "hands the socket over all the same" in found.message
    # Somebody else's listener is no inheritance, and without a transfer there is none.
    assert check(text, tmp_path, blocks=LISTENS % 1).state is CheckState.FAILED
    assert check(text, tmp_path, version="2.2.9", blocks=LISTENS % os.getpid()).state is CheckState.FAILED


def test_a_process_in_the_foreground_without_a_master_writes_no_pid_file(tmp_path: Path) -> None:
    served = Process(pid=os.getpid(), parent_pid=1, role=Role.CLASSIC, generation=0)
    for words, state in (((), CheckState.PASSED), (("-D",), CheckState.FAILED)):
        seen = target(
            mode=RunMode.CLASSIC,
            processes=(served,),
            arguments=("haproxy", *words, "-p", "/gone/p", "-f", "/h.cfg"),
            root=tmp_path,
        )
        assert check_files(seen, PreflightOptions())[0].state is state


def test_the_worst_is_said_first() -> None:
    mild = Problem("socket", "missing", "all the same", "a:1", stops=False)
    bad = Problem("chroot", "missing", "ends", "a:2")
    found = judge_files([mild, bad])
    assert found.state is CheckState.FAILED
    assert found.message == "chroot: missing; ends (and 1 more)"
    assert [e.source for e in found.evidence] == ["a:2", "a:1"]
    assert judge_files([mild]).state is CheckState.WARNED
    assert judge_files([]).state is CheckState.PASSED


def test_a_process_that_is_gone_leaves_it_open() -> None:
    gone = Process(pid=2**22 + 1, parent_pid=1, role=Role.MASTER)
    assert check_files(target(processes=(gone,)), PreflightOptions())[0].state is CheckState.UNKNOWN
