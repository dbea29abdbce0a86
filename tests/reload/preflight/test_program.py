import sys
from pathlib import Path

import pytest

from hitless.host.rights import Rights
from hitless.reload.preflight.options import PreflightOptions
from hitless.reload.preflight.program import NextProgram, check_program, judge_program, read_next_program
from hitless.reload.preflight.starter import Starter
from hitless.reloads import CheckState
from tests.reload.preflight.targets import target

RUNNING = ("2.6.12-1+deb12u4", (2, 6, 12))


@pytest.mark.parametrize(
    ("found", "state", "said"),
    [
        (NextProgram("/h", (2, 6, 12), "2.6.12-1+deb12u4"), CheckState.PASSED, "2.6.12"),
        (NextProgram("/h", (2, 6, 12), "2.6.12-1+deb12u5"), CheckState.WARNED, "upgrade"),
        (NextProgram("/h", (2, 8, 25), "2.8.25"), CheckState.WARNED, "2.8.25"),
        (NextProgram("/h", (2, 7, 0), "2.7.0"), CheckState.FAILED, "1956"),
        (NextProgram("/h", missing=True), CheckState.FAILED, "the master would lose its CLI"),
        (NextProgram("/h", problem="ended with status 127"), CheckState.FAILED, "end the service"),
        (NextProgram("/h", unasked="it lives elsewhere"), CheckState.UNKNOWN, "elsewhere"),
    ],
)
def test_what_the_reload_would_start(found: NextProgram, state: CheckState, said: str) -> None:
    check = judge_program(found, *RUNNING, master=True)
    assert check.state is state
    assert check.stops is (state in {CheckState.FAILED, CheckState.UNKNOWN})
    assert said in check.message


def test_without_a_master_nothing_that_serves_is_in_danger() -> None:
    for found in (NextProgram("/h", missing=True), NextProgram("/h", problem="no")):
        assert "no new process would start" in judge_program(found, *RUNNING, master=False).message
    assert (
        judge_program(NextProgram("/h", (2, 7, 0), "2.7.0"), *RUNNING, master=False).state
        is CheckState.WARNED
    )


def script(path: Path, text: str) -> Starter:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return Starter(str(path), str(path), Rights(0, 0), directory=str(path.parent))


def test_what_a_program_answers_or_does_instead(tmp_path: Path) -> None:
    good = read_next_program(script(tmp_path / "good", "echo 'HAProxy version 3.2.1 2025'"))
    assert (good.version, good.version_text) == ((3, 2, 1), "3.2.1")
    dead = read_next_program(script(tmp_path / "dead", "echo no libfoo >&2; exit 127"))
    assert dead.problem == "ended with status 127: no libfoo"
    liar = read_next_program(script(tmp_path / "liar", "echo nginx"))
    assert liar.problem == "ended with status 0: nginx"
    (tmp_path / "odd").write_bytes(b"\x7fELFnot")
    (tmp_path / "odd").chmod(0o755)
    odd = read_next_program(Starter(str(tmp_path / "odd"), "odd", Rights(0, 0)))
    assert odd.problem
    assert read_next_program(Starter("", "haproxy", Rights(0, 0))).missing
    assert read_next_program(Starter("/x", "/x", Rights(0, 0), why_not="not ours")).unasked == "not ours"
    without = Starter(sys.executable, "x", Rights(0, 0), prefix=("/no/such/setpriv",))
    assert "setpriv" in read_next_program(without).unasked


def test_a_process_that_is_gone_is_not_a_program_that_runs() -> None:
    (check,) = check_program(target(processes=()), PreflightOptions())
    assert check.stops
