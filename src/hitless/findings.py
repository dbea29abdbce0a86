"""What an audit says: findings with their evidence, place, price and fix. `hitless.report` draws them."""

from enum import StrEnum

from hitless.facts.snapshot import Unknown
from hitless.records import Record

__all__ = [
    "AuditResult",
    "AuditedInstance",
    "ConfigEdit",
    "Edit",
    "EditAction",
    "Evidence",
    "Finding",
    "Fix",
    "NotChecked",
    "Place",
    "Safety",
    "Severity",
    "Suppression",
    "SysctlEdit",
    "TmpfilesEdit",
    "UnitEdit",
]

RESULT_FORMAT = 1


class Severity(StrEnum):
    """How bad.

    ERROR drops connections now or at the next reload; WARNING under load, with some client or after another fault;
    NOTE is a price to know or a choice to make.
    """

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)


class Safety(StrEnum):
    """Whether `hitless fix` makes a change by itself (SAFE), only with --unsafe (UNSAFE), or never (MANUAL)."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    MANUAL = "manual"


class Place(Record, frozen=True):
    """Where: a line of a file, with the part of it that is meant; or a thing without lines (line 0).

    Units: `line` and `column` count from 1, `column` and `length` are characters of `text`; 0: the whole line.
    """

    file: str
    """A path, or what stands for one: "process 1234", "haproxy.service"."""
    line: int = 0
    column: int = 0
    length: int = 0
    text: str = ""
    """The line as it stands there."""

    @property
    def where(self) -> str:
        """The place as "FILE:LINE", or the file alone."""
        return f"{self.file}:{self.line}" if self.line else self.file


class Evidence(Record, frozen=True):
    """One observation and the exact file, command or system call that it came from."""

    text: str
    source: str


class EditAction(StrEnum):
    """What is done at a line."""

    INSERT_BEFORE = "insert-before"
    INSERT_AFTER = "insert-after"
    REPLACE = "replace"
    REMOVE = "remove"


class ConfigEdit(Record, frozen=True, tag="config"):
    """A change of one line of a configuration file; `text` has no indentation, which the file decides."""

    file: str
    line: int
    action: EditAction
    text: str = ""


class UnitEdit(Record, frozen=True, tag="unit"):
    """Lines for a section of a drop-in of the unit: ("ExecReload=", "ExecReload=/bin/kill -USR2 $MAINPID")."""

    unit: str
    section: str
    lines: tuple[str, ...]


class SysctlEdit(Record, frozen=True, tag="sysctl"):
    """A line of a file in /etc/sysctl.d."""

    name: str
    value: str


class TmpfilesEdit(Record, frozen=True, tag="tmpfiles"):
    """A line of a file in /etc/tmpfiles.d."""

    line: str


Edit = ConfigEdit | UnitEdit | SysctlEdit | TmpfilesEdit


class Fix(Record, frozen=True):
    """The exact change that removes the cause. Without `edits` it is for a person to do."""

    summary: str
    safety: Safety = Safety.MANUAL
    edits: tuple[Edit, ...] = ()
    commands: tuple[str, ...] = ()
    """What a person runs, e.g. "systemctl daemon-reload"."""


class Suppression(Record, frozen=True):
    """A comment in the configuration, or an entry of the project file, that accepts a finding."""

    reason: str
    where: str


class Finding(Record, frozen=True):
    """One cause of dropped reloads that is present here."""

    code: str
    name: str
    severity: Severity
    message: str
    """One sentence: what is wrong here."""
    instance: str = ""
    place: Place | None = None
    evidence: tuple[Evidence, ...] = ()
    fix: Fix | None = None
    prices: tuple[str, ...] = ()
    """For a choice that hurts either way: what each way costs."""
    suppressed: Suppression | None = None


class NotChecked(Record, frozen=True):
    """A rule that could not be applied, and what it would have needed."""

    code: str
    name: str
    why: str
    instance: str = ""


class AuditedInstance(Record, frozen=True):
    """What was looked at, for the head of a report."""

    name: str
    version: str = ""
    mode: str = ""
    mechanism: str = ""
    """How the next reload hands over, in a few words."""
    configuration: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    """Files of the configuration that could not be read, each with the reason."""
    processes: tuple[int, ...] = ()
    running: bool | None = None
    """None: nobody looked (files alone), or it could not be seen."""


class AuditResult(Record, frozen=True):
    """The whole answer. Findings are ordered: the worst first, then by code and place."""

    tool_version: str
    instances: tuple[AuditedInstance, ...]
    findings: tuple[Finding, ...]
    rules_applied: int
    not_checked: tuple[NotChecked, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    internal_errors: int = 0
    files_alone: bool = False
    """No host was looked at: what is not checked is what a host would say."""
    format: int = RESULT_FORMAT
