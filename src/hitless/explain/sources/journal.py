"""The journal as a log: `journalctl -o json`, bounded in time and size, kept like a stream.

Source: journalctl(1) of systemd 252.
"""

import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from io import BufferedReader

from hitless.errors import EvidenceError
from hitless.explain.sources.files import LogFile
from hitless.explain.sources.spool import LIMIT_BYTES, spool
from hitless.units import NANOSECONDS_PER_SECOND

__all__ = ["follow_command", "journal_command", "read_journal"]

_UNIT = re.compile(r"[\w@:.\\-]{1,255}", re.ASCII)
_TIMEOUT_S = 300.0
_MOST_ERROR_BYTES = 4096


def journal_command(
    units: Sequence[str], *, since_ns: int | None = None, until_ns: int | None = None, directory: str = ""
) -> list[str]:
    """Return the command that prints what the journal has of units, and of HAProxy by its name.

    `directory`: a journal elsewhere, as of another machine.

    Raises: EvidenceError for a unit that is no unit's name.
    """
    for unit in units:
        if not _UNIT.fullmatch(unit):
            raise EvidenceError(f"{unit!r} is no name of a unit.")
    command = ["journalctl", "--quiet", "--no-pager", "--output=json", "--all"]
    if directory:
        command += [f"--directory={directory}"]
    for option, t_ns in (("--since", since_ns), ("--until", until_ns)):
        if t_ns is not None:
            # In UTC, or journalctl would take it for a local time.
            moment = datetime.fromtimestamp(t_ns // NANOSECONDS_PER_SECOND + (option == "--until"), UTC)
            command.append(f"{option}={moment:%Y-%m-%d %H:%M:%S} UTC")
    # A unit's own lines, what systemd says about it, and HAProxy's lines by syslog, which may be of any unit.
    matches: list[str] = []
    for unit in units:
        name = unit if "." in unit else f"{unit}.service"
        matches += [f"_SYSTEMD_UNIT={name}", "+", f"UNIT={name}", "_PID=1", "+"]
    return [*command, *matches, "SYSLOG_IDENTIFIER=haproxy"]


def follow_command(units: Sequence[str]) -> list[str]:
    """Return the command that goes on printing what comes into the journal.

    Raises: EvidenceError as `journal_command`.
    """
    command = journal_command(units)
    return [*command[:1], "--follow", "--lines=0", *command[1:]]


def read_journal(
    units: Sequence[str],
    number: int,
    *,
    since_ns: int | None = None,
    until_ns: int | None = None,
    directory: str = "",
    timeout_s: float = _TIMEOUT_S,
    limit_bytes: int = LIMIT_BYTES,
) -> LogFile:
    """Return what the journal has of units as a log.

    Raises: EvidenceError if there is no journal, it may not be read, or it takes too long or says too much.
    """
    command = journal_command(units, since_ns=since_ns, until_ns=until_ns, directory=directory)
    if shutil.which(command[0]) is None:
        raise EvidenceError(
            "There is no journalctl here.", hint="Export the journal where it is: journalctl -o json"
        )
    deadline = time.monotonic() + timeout_s
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints
        )
        assert isinstance(process.stdout, BufferedReader)
        try:
            file = spool(process.stdout, "the journal", number, limit_bytes=limit_bytes, deadline=deadline)
            code = process.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired as error:
            file.close()
            raise EvidenceError(f"journalctl did not end within {timeout_s:g} s.") from error
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
        complaints.seek(0)
        said = complaints.read(_MOST_ERROR_BYTES).decode("utf-8", "backslashreplace").strip()
    if code != 0:
        file.close()
        raise EvidenceError(f"journalctl failed: {said or f'exit status {code}'}")
    return file
