import os
from pathlib import Path

import pytest

from hitless.facts import Process, Role, RunMode
from hitless.host.rights import read_rights
from hitless.reload.preflight.starter import find_program, find_starter, start_rights
from tests.reload.preflight.targets import target

US = Process(pid=os.getpid(), parent_pid=1, role=Role.MASTER)


def tree(path: Path) -> Path:
    for name, mode in (("opt/haproxy", 0o755), ("usr/sbin/haproxy", 0o755), ("usr/bin/haproxy", 0o644)):
        file = path / name
        file.parent.mkdir(parents=True)
        file.write_text("")
        file.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("/opt/haproxy", "/opt/haproxy"),
        ("opt/haproxy", "/opt/haproxy"),
        ("haproxy", "/usr/sbin/haproxy"),
        ("/usr/bin/haproxy", ""),
        ("/opt", ""),
        ("haproxy-2.9", ""),
        ("", ""),
    ],
)
def test_the_program_is_the_one_that_the_first_word_leads_to(tmp_path: Path, name: str, found: str) -> None:
    seen = target(root=tree(tmp_path), environment={"PATH": "/usr/bin:/usr/sbin"})
    assert find_program(name, seen) == found


def test_the_next_process_has_the_rights_of_the_master() -> None:
    ours = read_rights(os.getpid())
    assert start_rights(target(processes=(US,))) == ours
    assert start_rights(target(processes=())) == ours


def test_a_classic_process_that_gave_up_root_is_started_by_us() -> None:
    # Process 1 stands for one with other rights than ours only where we are not root; the rule is the same.
    served = Process(pid=os.getpid(), parent_pid=1, role=Role.CLASSIC, generation=0)
    seen = target("global\n    user nobody\n", mode=RunMode.CLASSIC, processes=(served,))
    assert start_rights(seen) == read_rights(os.getpid())


def test_the_environment_goes_along_without_what_was_meant_for_one_process(tmp_path: Path) -> None:
    program = tmp_path / "haproxy"
    program.write_text("")
    program.chmod(0o755)
    seen = target(
        processes=(US,),
        arguments=(str(program), "-W"),
        environment={"PORT": "80", "NOTIFY_SOCKET": "/run/n"},
        directory=str(tmp_path),
    )
    starter = find_starter(seen)
    assert starter.program == str(program)
    assert starter.environment == {"PORT": "80"}
    assert starter.working_directory == str(tmp_path)
    assert starter.prefix == ()
    assert starter.caveat == ""


def test_an_environment_that_cannot_be_read_is_ours() -> None:
    assert find_starter(target(processes=(US,))).environment is None
