"""In a process of its own: what is become is become for good."""

import json
import os
import resource
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from hitless.reload.likeness import Likeness

OURS = Likeness(
    control_groups=(),
    limits=(),
    nice=os.getpriority(os.PRIO_PROCESS, 0),
    oom_score_adj=int(Path("/proc/self/oom_score_adj").read_text()),
    umask=0o22,
    namespaces=(),
    uid=os.getuid(),
    gid=os.getgid(),
    groups=tuple(os.getgroups()),
    bounding=(1 << 64) - 1,
    inheritable=0,
    ambient=0,
    no_new_privileges=False,
    directory="/",
)
BECOME = """
import json, os, resource, sys
from hitless.reload.likeness import Likeness, UnlikeError, apply_likeness, set_subreaper
try:
    notes = apply_likeness(Likeness(**json.loads(sys.argv[1])))
    set_subreaper()
except UnlikeError as error:
    print(json.dumps({"error": str(error)}))
else:
    status = dict(line.rstrip("\\n").split(":\\t", 1) for line in open("/proc/self/status") if ":\\t" in line)
    print(json.dumps({"notes": notes, "status": status, "directory": os.getcwd()}))
"""


def become(likeness: Likeness) -> dict[str, object]:
    words = [sys.executable, "-c", BECOME, json.dumps(asdict(likeness))]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_to_become_what_we_are_changes_nothing() -> None:
    limits = [
        (number, *resource.getrlimit(number)) for number in (resource.RLIMIT_NOFILE, resource.RLIMIT_CORE)
    ]
    found = become(replace(OURS, limits=limits))
    assert (found["notes"], found["directory"]) == ([], "/")


def test_what_can_be_done_without_is_noted() -> None:
    found = become(replace(OURS, control_groups=("/proc/no/group",), limits=((999, 1, 1),), nice=OURS.nice))
    notes = found["notes"]
    assert isinstance(notes, list)
    assert [note.split(" of the old")[0] for note in notes] == ["the control group /proc/no", "limit 999"]


def test_a_file_of_a_control_group_is_written(tmp_path: Path) -> None:
    assert become(replace(OURS, control_groups=(str(tmp_path / "cgroup.procs"),)))["notes"] == []
    assert (tmp_path / "cgroup.procs").read_text() == "0"


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        (replace(OURS, directory="/proc/missing"), "the directory of the old process: "),
        (replace(OURS, namespaces=(0,)), "the namespaces of the old process: "),
    ],
)
def test_what_cannot_be_done_without_is_an_error(wanted: Likeness, error: str) -> None:
    assert str(become(wanted)["error"]).startswith(error)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_another_user_without_capabilities() -> None:
    status = become(replace(OURS, uid=65534, gid=65534, groups=(), bounding=1))["status"]
    assert isinstance(status, dict)
    assert {status[f"Cap{kind}"].strip("0") for kind in ("Inh", "Prm", "Eff", "Amb")} == {""}
    assert int(status["CapBnd"], 16) == 1
    assert status["Groups"].split() == []
