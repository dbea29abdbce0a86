import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from hitless.errors import EvidenceError
from hitless.facts import (
    Binary,
    ConfigurationFile,
    Instance,
    Launch,
    Process,
    Role,
    RunMode,
    Snapshot,
    VirtualAddress,
)
from hitless.gather.place import ProcessPlace
from hitless.host.errors import Denied, HostError
from hitless.host.root import HostRoot
from hitless.reload.preflight import trial_bind
from hitless.reload.preflight.bind_plan import BindPlan
from hitless.reload.preflight.trial_bind import check_binds, look_at_binds
from hitless.reload.preflight.trial_task import TrialAnswer
from hitless.reload.target import Target
from hitless.reloads import CheckState, ListenerFate
from hitless.subject import Subject
from tests.ports import free_port


def target(binds: str, pid: int = 0, *, version: tuple[int, int, int] = (2, 8, 25)) -> Target:
    """Our own process in the place of a classic HAProxy."""
    text = "frontend a\n" + "".join(f"  bind {bind}\n" for bind in binds.split("; "))
    process = Process(pid=pid or os.getpid(), parent_pid=1, role=Role.CLASSIC, generation=0)
    instance = Instance(
        name="haproxy",
        mode=RunMode.CLASSIC,
        processes=(process,),
        configuration=(ConfigurationFile(path="h.cfg", text=text, sha256=""),),
        launch=Launch(arguments=("haproxy", "-f", "h.cfg"), source=""),
        binary=Binary(path="haproxy", version=version, version_text="2.8"),
    )
    subject = Subject(Snapshot(tool_version="", taken_at="", instances=(instance,)), instance)
    return Target(instance, subject, ProcessPlace(HostRoot()))


def listening(*, reuse_port: bool = False) -> socket.socket:
    server = socket.socket()
    if reuse_port:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    server.bind(("127.0.0.1", 0))
    server.listen()
    return server


def test_what_is_held_is_handed_over_and_what_is_free_can_be_bound() -> None:
    with listening() as server:
        held, free = server.getsockname()[1], free_port()
        (check,), plan = check_binds(target(f"127.0.0.1:{held}; 127.0.0.1:{free}"), transfer=True)
        inode = os.fstat(server.fileno()).st_ino
    assert (check.name, check.state) == ("binds", CheckState.PASSED)
    fates = {change.endpoint: (change.fate, change.inodes_before) for change in plan.changes}
    assert fates[f"127.0.0.1:{held}"] == (ListenerFate.INHERITED, (inode,))
    assert fates[f"127.0.0.1:{free}"] == (ListenerFate.NEW, ())


def test_a_look_alone_tries_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial_bind, "run_trial", None)
    with listening() as server:
        text = f"127.0.0.1:{server.getsockname()[1]}; 192.0.2.7:8080"
        plan = look_at_binds(target(text), transfer=True)
        assert [change.fate for change in plan.changes][:2] == [ListenerFate.INHERITED, ListenerFate.NEW]
        assert plan == check_binds_plan(text)
    with pytest.raises(HostError):
        look_at_binds(replace(target("127.0.0.1:1"), instance=Instance(name="haproxy")), transfer=True)


def check_binds_plan(text: str) -> BindPlan:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trial_bind, "run_trial", lambda *_: TrialAnswer(refused="not now"))
        return check_binds(target(text), transfer=True)[1]


def test_a_stranger_is_named() -> None:
    with listening() as server:
        port = server.getsockname()[1]
        strange = target(f"127.0.0.1:{port}", os.getppid())  # to it, we are the stranger
        checks, _ = check_binds(strange, transfer=True)
    failed = next(check for check in checks if check.state is CheckState.FAILED)
    assert f"127.0.0.1:{port} (frontend a, h.cfg:2) is held by" in failed.message
    assert f"(pid {os.getpid()})" in failed.message


def test_an_absent_address_is_explained_with_keepalived() -> None:
    vip = VirtualAddress(address="192.0.2.7", prefix_length=32, where="k.conf:1")
    (check,), _ = check_binds(target("192.0.2.7:8080"), transfer=True, keepalived=(vip,))
    assert (
        "192.0.2.7 is on no interface of this host; it is a virtual address of Keepalived (k.conf:1)"
        in check.message
    )


def test_a_port_that_our_own_connection_uses() -> None:
    with listening() as server, socket.create_connection(server.getsockname()) as client:
        port = client.getsockname()[1]
        (check, *_), _ = check_binds(target(f"127.0.0.1:{port}"), transfer=True)
    assert f"in use by the connection 127.0.0.1:{port} to" in check.message


def test_a_path_and_whom_it_is_given_to(tmp_path: Path) -> None:
    missing, there = tmp_path / "none" / "x.sock", tmp_path / "x.sock"
    (check,), _ = check_binds(target(str(missing)), transfer=True)
    assert f"{tmp_path}/none does not exist" in check.message
    (check,), _ = check_binds(target(f"{there} uid 0 group root"), transfer=True)
    assert check.state is CheckState.PASSED or "cannot give" in check.message
    assert list(tmp_path.iterdir()) == []


def test_names_are_followed() -> None:
    port = free_port()
    (check,), plan = check_binds(target(f"ipv4@localhost:{port}"), transfer=True)
    assert check.state is CheckState.PASSED
    assert f"127.0.0.1:{port}" in {change.endpoint for change in plan.changes}
    checks, _ = check_binds(target(f"x..invalid:{port}"), transfer=True)
    assert any("has no address" in check.message and check.stops for check in checks)


def test_a_namespace_that_is_missing() -> None:
    (check,), _ = check_binds(target(f"127.0.0.1:{free_port()} namespace hitless-none"), transfer=True)
    assert "the network namespace hitless-none cannot be entered" in check.message


def test_a_process_that_is_gone_and_none_at_all() -> None:
    gone = target("127.0.0.1:1", pid=0x7FFF_FFFF)
    (check,), plan = check_binds(gone, transfer=True)
    assert (check.state, check.stops, plan.changes) == (CheckState.UNKNOWN, True, ())
    nobody = replace(gone, instance=Instance(name="haproxy"))
    (check,), plan = check_binds(nobody, transfer=True)
    assert (check.state, check.stops, plan.changes) == (CheckState.UNKNOWN, True, ())


def test_a_trial_that_cannot_be_made_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_words: object) -> None:
        raise Denied("no rights")

    monkeypatch.setattr(trial_bind, "run_trial", refuse)
    (check,), plan = check_binds(target("192.0.2.7:8080"), transfer=True)
    assert (check.state, check.stops) == (CheckState.UNKNOWN, True)
    assert "192.0.2.7:8080 (frontend a, h.cfg:2) could not be tried: no rights" in check.message
    assert plan.changes


def test_a_kernel_that_lists_nothing_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_name: str = "") -> None:
        raise EvidenceError("no sock_diag")

    monkeypatch.setattr(trial_bind, "read_namespace", refuse)
    (check,), plan = check_binds(target("192.0.2.7:8080"), transfer=True)
    assert (check.state, check.stops, plan.changes) == (CheckState.UNKNOWN, True, ())
    assert "no sock_diag" in check.message


def test_another_domain_of_selinux_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = {os.getpid(): "u:r:unconfined_t:s0", os.getppid(): "u:r:haproxy_t:s0"}
    monkeypatch.setattr(trial_bind, "read_security_label", lambda pid: labels[pid])
    (check,), _ = check_binds(target(f"127.0.0.1:{free_port()}", os.getppid()), transfer=True)
    assert check.state is CheckState.UNKNOWN
    assert check.evidence[0].text == "u:r:haproxy_t:s0"
