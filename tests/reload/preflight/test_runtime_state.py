from pathlib import Path

import msgspec

from hitless.facts import Binary, Process, Role, ServerState, WorkerView
from hitless.findings import Evidence
from hitless.reload.preflight.options import PreflightOptions
from hitless.reload.preflight.runtime_state import (
    Losses,
    check_runtime_state,
    judge_runtime_state,
    lost_servers,
)
from hitless.reloads import CheckState, PreflightCheck
from tests.control.test_inspect import ANSWERS, runtime_api
from tests.reload.preflight.targets import MASTER, target

SERVES = Process(pid=77, parent_pid=100, role=Role.WORKER, generation=0, age_s=9.0)
VIEW = WorkerView(pid=77, socket="/run/a", stopping=False, server_differences=())
STATISTICS = "# pxname,svname,slim,status,\nwww,FRONTEND,100,OPEN,\n"
LISTED = "0 ({0}) pattern loaded from file '{0}' used by map at file 'h' line 1\n"
REPLIES = ANSWERS | {
    "show stat -1 5 -1": STATISTICS,
    "show map": "# id\n",
    "show acl": "# id\n",
    "show ssl cert": "# filename\n",
}


def check(path: Path, replies: dict[str, str], view: WorkerView | None = VIEW) -> PreflightCheck:
    with runtime_api(path / "s", REPLIES | replies) as address:
        seen = target(
            processes=(MASTER, SERVES),
            stats_addresses=(address,),
            workers=(view,) if view else (),
            binary=Binary(path="/h", version=(2, 8, 25), version_text="2.8.25", features=("OPENSSL",)),
        )
        (found,) = check_runtime_state(seen, PreflightOptions(ask_timeout_s=30.0))
    return found


def test_a_process_that_is_as_its_files_say(tmp_path: Path) -> None:
    (tmp_path / "m.map").write_text("a 1\n")
    name = f"{tmp_path}/m.map"
    replies = {"show map": f"# id\n{LISTED.format(name)}", f"show map {name}": "0x1 a 1"}
    assert check(tmp_path, replies).state is CheckState.PASSED


def test_all_kinds_of_losses_are_listed(tmp_path: Path) -> None:
    (tmp_path / "m.map").write_text("a 1\n")
    name = f"{tmp_path}/m.map"
    differs = ServerState(backend="app", server="one", difference="weight 10, configured 100")
    replies = {
        "show map": f"# id\n{LISTED.format(name)}",
        f"show map {name}": "0x1 a 1\n0x2 b 2",
        "show stat -1 5 -1": STATISTICS.replace("OPEN", "PAUSED"),
        "show ssl cert": "# filename\n/gone.pem\n",
        "show ssl cert /gone.pem": "SHA1 FingerPrint: AB\n",
    }
    found = check(tmp_path, replies, msgspec.structs.replace(VIEW, server_differences=(differs,)))
    assert found.state is CheckState.WARNED
    assert [e.text for e in found.evidence] == [
        "app/one is weight 10, configured 100",
        "frontend www is out of service (PAUSED) by the CLI",
        f"{name}: 1 entries only in the running process (b 2); the file was changed since",
        "certificate /gone.pem: it was made over the runtime API, and no file has it",
    ]
    assert found.message.endswith("app/one is weight 10, configured 100 (and 3 more)")


def test_what_was_not_compared_has_not_passed(tmp_path: Path) -> None:
    assert "servers" in check(tmp_path, {}, view=None).message
    (tmp_path / "x").mkdir()
    found = check(tmp_path / "x", {"show map": "Permission denied\n"})
    assert found.state is CheckState.UNKNOWN
    assert "maps and ACLs: HAProxy refused 'show map'" in found.message


def test_a_list_that_is_too_long_or_no_file_is_not_compared(tmp_path: Path) -> None:
    names = "".join(LISTED.format(f"{tmp_path}/{number}.map") for number in range(70))
    replies = {f"show map {tmp_path}/{number}.map": "" for number in range(70)}
    found = check(tmp_path, replies | {"show map": names})
    assert found.state is CheckState.UNKNOWN
    assert "6 of 70" in found.message
    (tmp_path / "y").mkdir()
    found = check(tmp_path / "y", {"show map": LISTED.format(tmp_path)})
    assert "is not a file" in found.message


def test_nobody_to_ask() -> None:
    (found,) = check_runtime_state(target(processes=(MASTER, SERVES)), PreflightOptions())
    assert found.state is CheckState.UNKNOWN


def test_backends_that_load_their_states_keep_them() -> None:
    text = """global
    server-state-file /s
backend kept
    load-server-state-from-file global
    server a 192.0.2.1:80
backend app
    server a 192.0.2.1:80
"""
    subject = target(text).subject
    differences = [
        ServerState(backend=backend, server="a", difference=difference)
        for backend in ("kept", "app")
        for difference in (
            "drained by the CLI",
            "not in the configuration on disk (added)",
            "down by its check",
        )
    ]
    assert lost_servers(differences, subject) == [
        "kept/a is not in the configuration on disk (added)",
        "app/a is drained by the CLI",
        "app/a is not in the configuration on disk (added)",
        "app/a is down by its check, and starts as up",
    ]


def test_losses_are_bounded_and_what_is_missing_is_said() -> None:
    losses = Losses([Evidence(text=str(n), source="s") for n in range(300)], ["certificates: no time"])
    found = judge_runtime_state(losses)
    assert len(found.evidence) == 100
    assert found.message.endswith("0 (and 299 more); not compared: certificates: no time")
