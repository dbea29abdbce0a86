import hashlib
import os
from pathlib import Path

import pytest

from hitless.control.check import CheckResult, read_check
from hitless.control.command import Completed
from hitless.facts import ConfigurationFile, Process, Role, RunMode
from hitless.reload.preflight.configuration import CheckRun, check_configuration, judge_configuration
from hitless.reload.preflight.options import PreflightOptions
from hitless.reload.target import Target
from hitless.reloads import CheckState
from tests.reload.preflight.targets import target

US = Process(pid=os.getpid(), parent_pid=1, role=Role.MASTER)
STAGED = {"/etc/h.cfg": "/etc/.new"}
REFUSAL = """[NOTICE]   (1) : haproxy version is 2.8
[ALERT]    (1) : config : parsing [/etc/.new:3] : unknown keyword 'x' in 'global' section
[ALERT]    (1) : config : parsing [/etc/.new:4] : unknown keyword 'y' in 'global' section
[ALERT]    (1) : config : Fatal errors found in configuration.
"""
WARNING = "[WARNING]  (1) : config : missing timeouts for frontend 'www'.\n"


def result(status: int, stderr: str = "") -> CheckResult:
    return read_check(Completed(status, "", stderr))


@pytest.mark.parametrize(
    ("run", "state", "said"),
    [
        (CheckRun(result(0)), CheckState.PASSED, "accepts it"),
        (CheckRun(result(0, WARNING)), CheckState.WARNED, "missing timeouts"),
        (CheckRun(result(1, REFUSAL)), CheckState.FAILED, "parsing [/etc/h.cfg:3] : unknown keyword 'x'"),
        (CheckRun(result(1, "")), CheckState.FAILED, "it says nothing"),
        (CheckRun(result(-11, "Segmentation fault")), CheckState.FAILED, "Segmentation fault"),
        (CheckRun(why_not="it did not end within 120 s"), CheckState.UNKNOWN, "within 120 s"),
        (CheckRun(result(0), changed=("/etc/h.cfg",)), CheckState.FAILED, "changed while it was checked"),
        (CheckRun(result(0), unplaced=("/etc/x.cfg",)), CheckState.FAILED, "not among the files"),
        (CheckRun(result(1, REFUSAL), caveat="it was run as user 5"), CheckState.UNKNOWN, "as user 5"),
        (CheckRun(result(0), caveat="it was run as user 5"), CheckState.PASSED, "accepts it"),
    ],
)
def test_what_follows_from_a_check(run: CheckRun, state: CheckState, said: str) -> None:
    check = judge_configuration(run, STAGED)
    assert check.state is state
    assert check.stops is (state in {CheckState.FAILED, CheckState.UNKNOWN})
    assert said in check.message
    assert "/etc/.new" not in check.message + "".join(e.text for e in check.evidence)


def test_a_line_that_haproxy_shows_is_shown_without_its_secret() -> None:
    shown = '[ALERT]    (1) : config : parsing [a:9]: unmatched quote at position 22:\n  stats auth admin:"hunter2\n'
    check = judge_configuration(CheckRun(result(1, shown)), {})
    assert "hunter2" not in check.message


def staged(path: Path, program: str, *words: str) -> Target:
    """A service whose program is this script, in the directory with its configuration."""
    (path / "haproxy").write_text(f"#!/bin/sh\n{program}\n")
    (path / "haproxy").chmod(0o755)
    (path / "h.cfg").write_bytes(b"old")
    file = ConfigurationFile(path=str(path / "h.cfg"), text="old", sha256=hashlib.sha256(b"old").hexdigest())
    return target(
        processes=(US,),
        arguments=(str(path / "haproxy"), *words, "-f", "h.cfg"),
        environment={"PORT": "80", "PATH": os.environ["PATH"], "HAPROXY_MWORKER_REEXEC": "1"},
        directory=str(path),
        configuration=(file,),
    )


SAYS = 'echo "[ALERT]    (1) : $* in $PWD with $PORT$HAPROXY_MWORKER_REEXEC" >&2; exit 1'


def test_it_is_run_with_the_words_the_directory_and_the_environment_of_the_service(tmp_path: Path) -> None:
    seen = staged(tmp_path, SAYS, "-Ws", "-S", "/run/m.sock", "-C", "sub", "-D", "-p", "/run/p", "-sf", "7")
    check, load = check_configuration(seen, PreflightOptions())
    assert f"-Ws -S /run/m.sock -C sub -c -f h.cfg in {tmp_path} with 80" in check.message
    assert load.state is CheckState.PASSED


def test_a_classic_process_has_followed_its_directory_for_good(tmp_path: Path) -> None:
    seen = staged(tmp_path, SAYS, "-C", "sub")
    classic = target(
        mode=RunMode.CLASSIC,
        processes=(Process(pid=os.getpid(), parent_pid=1, role=Role.CLASSIC, generation=0),),
        arguments=seen.instance.launch.arguments if seen.instance.launch else (),
        environment=seen.environment,
        directory=str(tmp_path),
        configuration=seen.instance.configuration,
    )
    check, _ = check_configuration(classic, PreflightOptions())
    assert ": -c -f h.cfg in" in check.message


def test_a_file_that_changes_meanwhile_was_not_checked(tmp_path: Path) -> None:
    check, _ = check_configuration(staged(tmp_path, "echo new > h.cfg"), PreflightOptions())
    assert check.state is CheckState.FAILED
    assert "h.cfg changed while it was checked" in check.message


def test_a_check_that_does_not_end_is_stopped_and_proves_nothing(tmp_path: Path) -> None:
    seen = staged(tmp_path, "exec sleep 60")
    check, load = check_configuration(seen, PreflightOptions(check_timeout_s=0.2))
    assert check.state is CheckState.UNKNOWN
    assert check.required
    assert "did not end within 0.2 s" in check.message
    assert load.state is CheckState.UNKNOWN


def test_a_program_that_is_not_there_checks_nothing(tmp_path: Path) -> None:
    seen = staged(tmp_path, "exit 0")
    (tmp_path / "haproxy").unlink()
    check, _ = check_configuration(seen, PreflightOptions())
    assert check.stops
    assert "is not there" in check.message


def test_without_a_process_it_is_not_known_as_whom() -> None:
    gone = Process(pid=2**22 + 1, parent_pid=1, role=Role.MASTER)
    check, _ = check_configuration(target(processes=(gone,)), PreflightOptions())
    assert check.stops


def test_a_new_version_with_a_relative_name_is_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = staged(tmp_path, SAYS)
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "new.cfg").write_bytes(b"old")
    monkeypatch.chdir(tmp_path / "ours")
    options = PreflightOptions(candidates={f"{tmp_path}/h.cfg": "new.cfg"})
    check, _ = check_configuration(seen, options)
    assert f"-c -f {tmp_path}/h.cfg in {tmp_path}" in check.message, "and messages name the original"
    (tmp_path / "haproxy").write_text(f"#!/bin/sh\ntest -e {tmp_path}/ours/new.cfg && cat $3\n")
    assert check_configuration(seen, options)[0].state is CheckState.PASSED
