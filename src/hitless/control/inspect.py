"""What a master and its processes say of themselves, as facts. Whatever cannot be asked is an `Unknown`.

Every question has a deadline and a bound for its answer: sockets may belong to anything.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from hitless.control.errors import CouldNotAsk, NotUnderstood, WasRefused
from hitless.control.messages import Level, parse_messages
from hitless.control.process_state import oldest_sessions, peers_in_sync, server_differences
from hitless.control.replies import parse_info, parse_processes, parse_servers_state
from hitless.control.runtime_api import MasterCli, RuntimeApi
from hitless.control.sessions import believable_age_s, parse_sessions
from hitless.facts import MasterProcess, MasterView, Unknown, WorkerView

if TYPE_CHECKING:
    from hitless.control.process_state import ConfiguredServers
    from hitless.control.replies import ProcessRow
    from hitless.errors import ControlError

__all__ = ["Deadline", "read_master_view", "read_worker_view"]

_ASK_TIMEOUT_S = 2.0
_LIMIT_BYTES = 16 * 1024 * 1024
_MOST_SESSIONS = 20_000
"""Above this many connections `show sess` is not asked: it locks what it lists."""
_LOG_LINES = 200


class Deadline:
    """The time that all questions together may take."""

    def __init__(self, timeout_s: float) -> None:
        self._end = time.monotonic() + timeout_s

    def left_s(self) -> float:
        """Return the time for the next question; more than 0, so that one without time left fails at once."""
        return max(0.001, min(_ASK_TIMEOUT_S, self._end - time.monotonic()))


def read_master_view(
    address: str, *, shown: str = "", deadline: Deadline | None = None
) -> tuple[MasterView | None, list[Unknown]]:
    """Return what the master behind an address says; `shown` is the socket's name for people."""
    shown = shown or address
    asker = _Asker(address, shown, deadline or Deadline(_ASK_TIMEOUT_S * 2))
    reply = asker.ask("show proc", f"the master's CLI at {shown}")
    if reply is None:
        return None, asker.unknown
    try:
        processes = parse_processes(reply)
    except NotUnderstood as error:
        return None, [Unknown(what=f"the master's CLI at {shown}", why=error.message)]
    rows = [
        _master_process(row, old=old)
        for group, old in (
            ((processes.master,), False),
            (processes.workers, False),
            (processes.old_workers, True),
            (processes.programs, False),
        )
        for row in group
    ]
    view = MasterView(
        socket=shown,
        processes=tuple(rows),
        failed_reloads=processes.master.failed,
        may_be_cut=processes.may_be_cut,
        startup_log=_startup_log(asker, processes.master.version),
    )
    return view, asker.unknown


def read_worker_view(
    address: str,
    pid: int = 0,
    *,
    shown: str = "",
    configured: ConfiguredServers | None = None,
    deadline: Deadline | None = None,
) -> tuple[WorkerView | None, list[Unknown]]:
    """Return what one process says: the one behind a stats socket, or with `pid` a worker of the master there."""
    shown = shown or address
    asker = _Asker(address, shown, deadline or Deadline(_ASK_TIMEOUT_S * 4), pid)
    who = f"process {pid} through {shown}" if pid else f"the runtime API at {shown}"
    reply = asker.ask("show info", who)
    if reply is None:
        return None, asker.unknown
    try:
        info = parse_info(reply)
    except NotUnderstood as error:
        return None, [Unknown(what=who, why=error.message)]
    view = WorkerView(
        pid=info.pid,
        socket=shown,
        stopping=info.stopping,
        version=info.version,
        current_connections=info.number("CurrConns"),
        jobs=info.number("Jobs"),
        unstoppable_jobs=info.number("Unstoppable Jobs"),
        max_connections=info.number("Maxconn"),
        max_sockets=info.number("Maxsock"),
        descriptor_limit=info.number("Ulimit-n"),
    )
    return _with_details(view, asker, configured, info.uptime_s), asker.unknown


def _with_details(
    view: WorkerView, asker: _Asker, configured: ConfiguredServers | None, uptime_s: int
) -> WorkerView:
    sessions: tuple[str, ...] = ()
    if (view.current_connections or 0) > _MOST_SESSIONS:
        asker.note(
            f"the sessions of process {view.pid}", f"it has {view.current_connections} connections: not asked"
        )
    else:
        sessions = _oldest_sessions(asker, view.pid, uptime_s)
    differences = None
    if not view.stopping:
        what = f"the servers of process {view.pid}"
        reply = asker.ask("show servers state", what)
        try:
            differences = (
                None if reply is None else server_differences(parse_servers_state(reply), configured)
            )
        except NotUnderstood as error:
            asker.note(what, error.message)
    in_sync = peers_in_sync(asker.ask("show peers", f"the peers of process {view.pid}") or "")
    return msgspec.structs.replace(
        view, sessions=sessions, server_differences=differences, peers_in_sync=in_sync
    )


def _oldest_sessions(asker: _Asker, pid: int, uptime_s: int) -> tuple[str, ...]:
    what = f"the sessions of process {pid}"
    try:
        rows = parse_sessions(asker.ask("show sess", what) or "")
        return oldest_sessions([row for row in rows if believable_age_s(row, uptime_s) is not None])
    except NotUnderstood as error:
        asker.note(what, error.message)
        return ()


def _startup_log(asker: _Asker, version: str) -> tuple[str, ...]:
    """Return the alerts and warnings of the last (re)load; `show startup-logs` of the master is of 2.7."""
    numbers = version.split(".")[:2]
    if len(numbers) < 2 or not all(n.isdigit() for n in numbers) or tuple(map(int, numbers)) < (2, 7):
        return ()
    reply = asker.ask("show startup-logs", f"the log of the last reload at {asker.shown}") or ""
    lines = [
        f"[{message.level}] {message.text}"
        for message in parse_messages(reply)
        if message.level in {Level.ALERT, Level.WARNING}
    ]
    return tuple(lines[:_LOG_LINES])


def _master_process(row: ProcessRow, *, old: bool) -> MasterProcess:
    return MasterProcess(
        pid=row.pid,
        kind=row.kind,
        reloads=row.reloads,
        age_s=float(row.uptime_s),
        version=row.version,
        old=old,
    )


class _Asker:
    """Asks one process, and notes what it could not learn."""

    def __init__(self, address: str, shown: str, deadline: Deadline, pid: int = 0) -> None:
        self._address = address
        self._deadline = deadline
        self._pid = pid
        self.shown = shown
        self.unknown: list[Unknown] = []

    def ask(self, command: str, what: str) -> str | None:
        try:
            text = f"@!{self._pid} {command}" if self._pid else command
            api = MasterCli(self._address) if self._pid else RuntimeApi(self._address)
            return api.ask(text, timeout_s=self._deadline.left_s(), limit_bytes=_LIMIT_BYTES)
        except (CouldNotAsk, WasRefused, NotUnderstood) as error:
            self.note(what, _explained(error, self._address, self.shown))
        except ValueError as error:
            self.note(what, str(error))
        return None

    def note(self, what: str, why: str) -> None:
        self.unknown.append(Unknown(what=what, why=why))


def _explained(error: ControlError, address: str, shown: str) -> str:
    message = error.message.replace(address, shown)
    return f"{message} ({error.hint})" if isinstance(error, WasRefused) and error.hint else message
