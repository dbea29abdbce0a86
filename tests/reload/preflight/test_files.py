import os
from pathlib import Path

import pytest

from hitless.facts import Process, Role, RunMode
from hitless.reload.preflight.files import Problem, check_files, judge_files
from hitless.reload.preflight.options import PreflightOptions
from hitless.reloads import CheckState, PreflightCheck
from tests.reload.preflight.targets import target

US = Process(pid=os.getpid(), parent_pid=1, role=Role.MASTER, arguments=("haproxy", "-W", "-f", "/h.cfg"))


def check(text: str, root: Path, *words: str, version: str = "2.8.25") -> PreflightCheck:
    (root / "run").mkdir(exist_ok=True)
    (root / "file").write_text("")
    seen = target(
        text,
        version=version,
        processes=(US,),
        arguments=("haproxy", "-W", *words, "-f", "/h.cfg"),
        root=root,
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
    ],
)
def test_what_is_missing_and_what_it_would_do(
    tmp_path: Path, text: str, words: tuple[str, ...], said: str
) -> None:
    found = check(text, tmp_path, *words)
    assert found.state is CheckState.FAILED
    assert said in found.message


def test_what_is_there_passes(tmp_path: Path) -> None:
    text = "global\n    chroot /run\n    pidfile /run/p\n"
    assert check(text, tmp_path, "-p", "/run/p").state is CheckState.PASSED


def test_the_same_loss_is_less_or_more_by_version(tmp_path: Path) -> None:
    assert "the reload would fail" in check("global\n    chroot /gone\n", tmp_path, version="3.2.26").message
    assert "end the master" in check("global\n    pidfile /gone/p\n", tmp_path, version="3.2.26").message


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


def test_several_are_counted() -> None:
    found = judge_files(
        [Problem("chroot", "missing", "ends", "a:2"), Problem("pid file", "missing", "fails", "a:1")]
    )
    assert found.message == "chroot: missing; ends (and 1 more)"
    assert [e.source for e in found.evidence] == ["a:2", "a:1"]
    assert judge_files([]).state is CheckState.PASSED


def test_a_process_that_is_gone_leaves_it_open() -> None:
    gone = Process(pid=2**22 + 1, parent_pid=1, role=Role.MASTER)
    assert check_files(target(processes=(gone,)), PreflightOptions())[0].state is CheckState.UNKNOWN
