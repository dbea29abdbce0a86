"""Processes, sessions and configurations that tests of the drain are made of."""

import time
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from hitless.control.replies import ProcessInfo
from hitless.control.sessions import SessionDetail, SessionRow
from hitless.drains import SessionState
from hitless.facts import Binary, ConfigurationFile, Instance, Launch, Process, Role, RunMode, Snapshot
from hitless.host.socket_activity import SocketActivity
from hitless.reload.drain.process_facts import GroupKey, ProcessFacts, Session
from hitless.subject import Subject

CONFIGURATION = """\
global
    hard-stop-after 30m
defaults
    mode http
    timeout connect 5s
    timeout client 1h
    timeout server 50m
frontend web
    bind 0.0.0.0:80
    default_backend app
backend app
    server one 192.0.2.1:80
"""


def subject(text: str = CONFIGURATION, *, version: tuple[int, int, int] = (2, 8, 25)) -> Subject:
    instance = Instance(
        name="haproxy.service",
        mode=RunMode.MASTER_WORKER,
        configuration=(ConfigurationFile(path="h.cfg", text=text, sha256=""),) if text else (),
        launch=Launch(arguments=("haproxy", "-W", "-f", "h.cfg"), source="test"),
        binary=Binary(path="haproxy", version=version, version_text=".".join(map(str, version))),
    )
    return Subject(Snapshot(tool_version="0", taken_at="", instances=(instance,)), instance)


def session(
    number: int,
    *,
    pid: int = 10,
    frontend: str = "web",
    backend: str = "app",
    state: SessionState = SessionState.TUNNEL,
    age_s: float | None = 100,
    idle_s: float | None = 50,
    expires_s: int | None = 3000,
    descriptor: int | None = None,
    source: str = "",
    seen_s: float | None = None,
) -> Session:
    row = SessionRow(
        id=f"0x{number:x}",
        protocol="tcpv4",
        source=source or f"198.51.100.1:{number}",
        frontend=frontend,
        backend=backend,
        server="one",
        age_s=None if age_s is None else int(age_s),
        state=state,
        client_descriptor=number * 2 if descriptor is None else descriptor,
        server_descriptor=number * 2 + 1,
        expires_s=expires_s,
    )
    return Session(pid, row, age_s, idle_s, time.monotonic() if seen_s is None else seen_s)


def detail(of: Session, *, mode: str = "http", status: int | None = 101) -> SessionDetail:
    row = of.row
    return SessionDetail(row.id, row.source, row.frontend, mode, status, row.age_s)


def info(pid: int = 10, *, stopping: bool = True, version: str = "2.8.25", **numbers: int) -> ProcessInfo:
    values = {name.replace("Unstoppable_", "Unstoppable "): str(number) for name, number in numbers.items()}
    return ProcessInfo(pid, version, 5000, stopping, values)


def process(
    pid: int = 10, *, generation: int | None = 1, age_s: float = 5000, state: str = "S", **fields: object
) -> Process:
    made = Process(pid=pid, parent_pid=1, role=Role.WORKER, generation=generation, age_s=age_s, state=state)
    return msgspec.structs.replace(made, **fields)


def facts(
    sessions: Sequence[Session] | None = (),
    *,
    of: Process | None = None,
    says: ProcessInfo | None = None,
    samples: dict[GroupKey, tuple[SessionDetail, ...]] | None = None,
    sockets: tuple[SocketActivity, ...] | None = None,
    **fields: object,
) -> ProcessFacts:
    """An old worker that could be asked."""
    connections = len({s.row.client_descriptor for s in sessions or ()})
    made = ProcessFacts(
        of or process(),
        info=says or info(CurrConns=connections, Jobs=connections + 2, Listeners=1, Unstoppable_Jobs=1),
        sessions=None if sessions is None else tuple(sessions),
        samples=samples or {},
        sockets=sockets,
        reloads=1,
        asked="the master CLI /run/m.sock",
        reachable=True,
    )
    return replace(made, **fields)  # type: ignore[arg-type]
