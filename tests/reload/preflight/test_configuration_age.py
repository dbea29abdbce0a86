import os
import time
from dataclasses import replace
from pathlib import Path

from hitless.facts import ConfigurationFile, Process, Role
from hitless.reload.preflight.configuration_age import check_configuration_age, judge_age
from hitless.reload.preflight.options import PreflightOptions
from hitless.reloads import CheckState, PreflightCheck
from tests.reload.preflight.targets import target

LONG_AGO_S = 3600.0
TEXT = "frontend www\n    bind :443 ssl crt /certs\n    http-request deny if { src -f /bad.lst }\n"


def check(root: Path, *changed: str, started_s: float = 60.0) -> PreflightCheck:
    (root / "certs").mkdir()
    for name in ("h.cfg", "certs/a.pem", "bad.lst"):
        (root / name).write_text("")
    past_s = time.time() - LONG_AGO_S
    for name in ("h.cfg", "certs/a.pem", "bad.lst", "certs"):
        if name not in changed:
            os.utime(root / name, (past_s, past_s))
    worker = Process(pid=5, parent_pid=1, role=Role.WORKER, generation=0)
    text = ConfigurationFile(path="/h.cfg", text=TEXT, sha256="")
    seen = target(TEXT, processes=(worker,), root=root, configuration=(text,))
    seen = replace(seen, current_started_at=time.time() - started_s)
    (found,) = check_configuration_age(seen, PreflightOptions())
    return found


def test_nothing_has_changed(tmp_path: Path) -> None:
    found = check(tmp_path)
    assert found.state is CheckState.PASSED
    assert found.message.startswith("nothing has changed since process 5 started")


def test_the_configuration_has_changed(tmp_path: Path) -> None:
    assert check(tmp_path, "h.cfg").message == "/h.cfg changed since process 5 started"


def test_a_certificate_in_a_directory_has_changed(tmp_path: Path) -> None:
    assert check(tmp_path, "certs/a.pem").evidence[0].source == "/certs/a.pem"


def test_a_list_has_changed_and_is_counted(tmp_path: Path) -> None:
    assert check(tmp_path, "bad.lst", "h.cfg").message == "/h.cfg and 1 more changed since process 5 started"


def test_what_cannot_be_looked_at_is_not_unchanged(tmp_path: Path) -> None:
    worker = Process(pid=5, parent_pid=1, role=Role.WORKER, generation=0)
    seen = target(processes=(worker,), root=tmp_path)
    for started_at in (0.0, 1.0):
        (found,) = check_configuration_age(replace(seen, current_started_at=started_at), PreflightOptions())
        assert found.state is CheckState.UNKNOWN
    (found,) = check_configuration_age(target(processes=()), PreflightOptions())
    assert found.state is CheckState.UNKNOWN


def test_a_new_version_is_always_new() -> None:
    (found,) = check_configuration_age(target(), PreflightOptions(candidates={"/h.cfg": "/.new"}))
    assert found.message == "/h.cfg: a new version is to be loaded"
    assert not judge_age([], [], 5).stops
