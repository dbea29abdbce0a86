"""What a rule is: facts in, findings out, and its documentation, which is its module's docstring."""

import enum
import inspect
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.findings import Evidence, Finding, Fix, Place, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import ModuleType

    from hitless.subject import Subject

__all__ = ["HEADINGS", "Need", "Rule", "RulePage", "read_page"]

HEADINGS = (
    "What it does",
    "Why it drops connections",
    "Example",
    "Use instead",
    "Known problems",
    "Fix safety",
    "References",
)
"""The sections of every rule's docstring, in this order."""


class Need(enum.StrEnum):
    """A kind of fact. A rule that lacks one of its needs is not checked: it does not pass."""

    CONFIGURATION = "the configuration"
    VERSION = "HAProxy's version"
    LAUNCH = "how HAProxy is started"
    MODE = "whether it runs with a master"
    UNIT = "the systemd unit"
    PROCESSES = "HAProxy's processes"
    MASTER = "the master's CLI"
    WORKERS = "the runtime API"
    CHECK = "HAProxy's own check"
    SYSCTLS = "kernel settings"
    ADDRESSES = "the host's addresses"
    LISTENING = "listening sockets"
    UNIX_LISTENING = "listening unix sockets"
    PATHS = "files on the host"
    ACCOUNTS = "users and groups of the host"
    KEEPALIVED = "keepalived.conf"
    SCRIPTS = "scripts that touch HAProxy"
    LOGGING = "where logs go"
    TMPFILES = "tmpfiles.d"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. The name says the bad thing. `severity` is the usual one; a finding may have another."""

    code: str
    name: str
    severity: Severity
    summary: str
    """One line: what is wrong where it fires."""
    versions: str
    """The HAProxy versions it holds for, in words: "all", "2.4 and later", "up to 2.5 in master-worker mode"."""
    needs: frozenset[Need]
    check: "Callable[[Subject], Iterable[Finding]]"
    host_wide: bool = False
    """The finding is about the host, not about one instance: what several instances say stands once."""

    def finding(
        self,
        subject: "Subject",
        message: str = "",
        *,
        severity: Severity | None = None,
        place: Place | None = None,
        evidence: tuple[Evidence, ...] = (),
        fix: Fix | None = None,
        prices: tuple[str, ...] = (),
    ) -> Finding:
        """Return a finding of this rule; without a message its summary."""
        return Finding(
            code=self.code,
            name=self.name,
            severity=severity or self.severity,
            message=message or self.summary,
            instance="" if self.host_wide else subject.instance.name,
            place=place,
            evidence=evidence,
            fix=fix,
            prices=prices,
        )


@dataclass(frozen=True, slots=True)
class RulePage:
    """A rule's documentation: the sentence it begins with, and its sections by heading."""

    title: str
    sections: dict[str, str]


_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


def read_page(module: "ModuleType") -> RulePage:
    """Return the documentation in a rule's module."""
    text = inspect.cleandoc(module.__doc__ or "")
    parts = _HEADING.split(text)
    return RulePage(
        parts[0].strip(), {h.strip(): b.strip() for h, b in zip(parts[1::2], parts[2::2], strict=True)}
    )
