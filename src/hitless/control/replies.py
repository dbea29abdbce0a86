"""What HAProxy answers to the commands that hitless asks, as values.

Every parser raises NotUnderstood, with the whole answer, where the answer is not what any version it knows
says.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from hitless.control.errors import NotUnderstood
from hitless.control.messages import Message, parse_messages

__all__ = [
    "ProcessInfo",
    "ProcessRow",
    "Processes",
    "ReloadReply",
    "parse_info",
    "parse_processes",
    "parse_reload",
    "parse_servers_state",
]

_UPTIME = re.compile(r"(\d+)d\s*(\d+)h(\d+)m(\d+)s", re.ASCII)
_PROCESS = re.compile(
    r"(?P<pid>\d{1,10})\s+(?P<kind>\S+)\s+"
    r"(?P<relative>(?:\[was: \d+\]|\d+|-)\s+)??"
    r"(?P<reloads>\d+)\s*(?:\[failed: (?P<failed>\d+)\])?\s+"
    r"(?P<uptime>\d+d\d+h\d+m\d+s)(?:\s+(?P<version>\S+))?",
    re.ASCII,
)
_ROWS_THAT_FIT = 200


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """`show info` of one process. `values` has every line as HAProxy names it."""

    pid: int
    version: str
    uptime_s: int
    stopping: bool
    """A soft stop has begun: this is an old process."""
    values: Mapping[str, str]

    def number(self, name: str) -> int | None:
        """Return a value such as "CurrConns" as a number; None where this version does not say it as one."""
        text = self.values.get(name, "")
        return int(text) if text.isascii() and text.isdigit() else None


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """One line of `show proc`. `kind` is "master", "worker", or the name of a program."""

    pid: int
    kind: str
    reloads: int
    """Worker: reloads it has survived. Master: reloads tried."""
    uptime_s: int
    version: str = ""
    failed: int | None = None
    """Master since 2.5: failed reloads in a row; never more than 1 since 3.1."""


@dataclass(frozen=True, slots=True)
class Processes:
    """`show proc`: the master and its children by section.

    After a failed reload HAProxy 3.1 and later list the worker that serves under `old_workers`, with
    `workers` empty; up to 3.0 it stays in `workers`.
    """

    master: ProcessRow
    workers: tuple[ProcessRow, ...]
    old_workers: tuple[ProcessRow, ...]
    programs: tuple[ProcessRow, ...]

    @property
    def may_be_cut(self) -> bool:
        """Whether rows may be missing: up to 3.3 the answer ends after about 202 rows (HAProxy issue 3204)."""
        return 1 + len(self.workers) + len(self.old_workers) + len(self.programs) >= _ROWS_THAT_FIT


@dataclass(frozen=True, slots=True)
class ReloadReply:
    """What `reload` answered on the master CLI."""

    success: bool | None
    """None up to 2.6, where the master closes without a word: watch `show proc`."""
    messages: tuple[Message, ...]
    raw: str

    @property
    def busy(self) -> bool:
        """The master refused because another reload is going on (3.1 and later)."""
        return self.success is False and "Another reload is still in progress" in self.raw


def parse_info(reply: str) -> ProcessInfo:
    """Read `show info`."""
    values = {}
    for line in reply.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            values[name.strip()] = value.strip()
    try:
        return ProcessInfo(
            pid=int(values["Pid"]),
            version=values["Version"],
            uptime_s=int(values["Uptime_sec"]),
            stopping=values["Stopping"] != "0",
            values=values,
        )
    except (KeyError, ValueError) as error:
        raise NotUnderstood(f"`show info` lacks or garbles {error}", raw=reply) from error


def parse_processes(reply: str) -> Processes:
    """Read `show proc` of 1.9 and later: with or without the columns "relative PID" and "version", and `debug`."""
    sections: dict[str, list[ProcessRow]] = {"": [], "workers": [], "old workers": [], "programs": []}
    section = ""
    for line in reply.splitlines():
        if line.startswith("#"):
            section = "" if line.startswith("#<PID>") else line[1:].strip()
        elif line.strip():
            sections.setdefault(section, []).append(_process_row(line, reply))
    masters = [row for row in sections[""] if row.kind == "master"]
    if len(masters) != 1:
        raise NotUnderstood("`show proc` names no master: is this the master's socket?", raw=reply)
    workers, old_workers, programs = (
        tuple(sections[name]) for name in ("workers", "old workers", "programs")
    )
    return Processes(masters[0], workers, old_workers, programs)


def _process_row(line: str, reply: str) -> ProcessRow:
    match = _PROCESS.match(line)
    if match is None:
        raise NotUnderstood(f"`show proc` has a row of a kind not known: {line!r}", raw=reply)
    failed = match["failed"]
    return ProcessRow(
        pid=int(match["pid"]),
        kind=match["kind"],
        reloads=int(match["reloads"]),
        uptime_s=_seconds(match["uptime"]),
        version=match["version"] or "",
        failed=None if failed is None else int(failed),
    )


def _seconds(uptime: str) -> int:
    match = _UPTIME.fullmatch(uptime)
    assert match is not None, "the row's pattern lets nothing else pass"
    days, hours, minutes, seconds = map(int, match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def parse_reload(reply: str) -> ReloadReply:
    """Read the answer to `reload`: "Success=0|1", then "--" and the master's log if it keeps one (2.7 and later)."""
    if not reply.strip():
        return ReloadReply(None, (), reply)
    first, _, rest = reply.partition("\n")
    if first not in {"Success=0", "Success=1"}:
        raise NotUnderstood(f"`reload` answered {first!r}", raw=reply)
    log = rest.removeprefix("--").lstrip("\n")
    return ReloadReply(first == "Success=1", parse_messages(log), reply)


def parse_servers_state(reply: str) -> tuple[Mapping[str, str], ...]:
    """Read `show servers state` (version 1): one mapping per server, by HAProxy's column names ("be_name", …)."""
    version, _, rest = reply.partition("\n")
    header, _, body = rest.partition("\n")
    names = header.removeprefix("# ").split()
    if version.strip() != "1" or not header.startswith("# ") or not {"be_name", "srv_name"} <= set(names):
        raise NotUnderstood("`show servers state` is not of version 1", raw=reply)
    rows = [line.split() for line in body.splitlines() if line.strip()]
    if any(len(row) != len(names) for row in rows):
        raise NotUnderstood("`show servers state` has a row of another length than its header", raw=reply)
    return tuple(dict(zip(names, row, strict=True)) for row in rows)
