"""What a fix is about to change, and what it has changed."""

from typing import TYPE_CHECKING

from hitless.findings import AuditResult, Finding
from hitless.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "REPORT_FORMAT",
    "ChangedFile",
    "FileChange",
    "FixPlan",
    "FixReport",
    "Left",
    "LoggingPlan",
    "LoggingReport",
    "Next",
    "Note",
]

REPORT_FORMAT = 1


class FileChange(Record, frozen=True):
    """One file, before and after. Text holds the file's bytes as UTF-8 with surrogates for what is none."""

    path: str
    kind: str
    """"configuration", "unit", "sysctl", "tmpfiles", "rsyslog" or "logrotate"."""
    before: str | None
    """None for a file that does not exist yet."""
    after: str
    unit: str = ""
    """kind "unit": the unit that the drop-in is for."""


class Next(Record, frozen=True):
    """A command that a person runs afterwards, and what for."""

    command: str
    why: str


class Left(Record, frozen=True):
    """A finding that stays, and why: by hand, only with --unsafe, or because its edit did not remove it."""

    finding: Finding
    why: str


class FixPlan(Record, frozen=True):
    """The changes that remove the findings in `fixed`; nothing has been written yet."""

    changes: tuple[FileChange, ...]
    fixed: tuple[Finding, ...]
    left: tuple[Left, ...]
    next: tuple[Next, ...]
    before: AuditResult
    after: AuditResult
    """What an audit would say of the result, as far as that can be known before the host has taken it over."""

    def of_kind(self, kind: str) -> "Iterator[FileChange]":
        """Yield the changes of one kind."""
        return (change for change in self.changes if change.kind == kind)


class ChangedFile(Record, frozen=True):
    """A file as the report shows it: `diff` is unified, its lines redacted."""

    path: str
    kind: str
    new: bool
    diff: tuple[str, ...]


class FixReport(Record, frozen=True):
    """What `hitless fix` says: the plan, and whether and how it was made true."""

    tool_version: str
    changes: tuple[ChangedFile, ...]
    fixed: tuple[Finding, ...]
    left: tuple[Left, ...]
    next: tuple[Next, ...]
    applied: bool = False
    backup: str = ""
    """The name for `hitless fix --undo`."""
    checks: tuple[str, ...] = ()
    """Commands with which HAProxy accepted the result."""
    format: int = REPORT_FORMAT


class Note(Record, frozen=True):
    """Something that stays as it is, and what it means; `where` is FILE:LINE, "" for no line of a file."""

    text: str
    where: str = ""


class LoggingPlan(Record, frozen=True):
    """The changes that bring the recommended logging; nothing has been written yet."""

    changes: tuple[FileChange, ...]
    notes: tuple[Note, ...] = ()
    next: tuple[Next, ...] = ()


class LoggingReport(Record, frozen=True):
    """What `hitless logs init` says of a configuration: the plan, and whether and how it was made true."""

    changes: tuple[ChangedFile, ...]
    notes: tuple[Note, ...] = ()
    next: tuple[Next, ...] = ()
    applied: bool = False
    backup: str = ""
    """The name for `hitless fix --undo`."""
    checks: tuple[str, ...] = ()
    """Commands with which HAProxy accepted the result."""
