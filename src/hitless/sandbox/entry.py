"""What hitless and the process that enters the sandbox tell each other."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from hitless.records import Record

__all__ = [
    "REFUSED_STATUS",
    "EntryMessage",
    "EntryRefusal",
    "EntryReport",
    "EntrySettings",
    "TierKind",
    "decode_message",
    "decode_settings",
    "encode",
]

REFUSED_STATUS = 125
"""Exit status when the sandbox could not be entered (the program was never started)."""


class TierKind(StrEnum):
    """How much privacy this machine grants."""

    ROOT = "root"
    """Namespaces made with the host's own root rights: users, chroot and limits as on the host."""
    USER = "user"
    """Namespaces inside a user namespace: one identity, which is root there and an ordinary user outside."""
    LOOPBACK = "loopback"
    """No namespace: the host's loopback, for configurations that permit it."""


class EntrySettings(Record, frozen=True, kw_only=True):
    """What the entering process is told, as JSON in its arguments."""

    tier: TierKind
    parent_pid: int
    """Whose end is the end of everything inside."""
    report_fd: int
    keep_fds: tuple[int, ...] = ()
    """Descriptors that stay open, under the same numbers, for the program."""
    sysctls: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Network settings on top of the sandbox's own."""


class EntryReport(Record, frozen=True, kw_only=True):
    """The sandbox stands, and the program is about to start in it."""

    tier: TierKind
    init_pid: int
    """The first process inside, as the host numbers it (0 if the host's /proc did not say)."""
    limitations: tuple[str, ...] = ()
    host_sysctls: Mapping[str, str] = msgspec.field(default_factory=dict)
    """The host's network settings, as they were copied or, for nonlocal binds and ports, hidden."""


class EntryRefusal(Record, frozen=True, kw_only=True):
    """The sandbox could not be made."""

    step: str
    errno: int
    detail: str


class EntryMessage(Record, frozen=True, kw_only=True):
    """One line on the report descriptor: a step that begins, or how it ended."""

    step: str = ""
    entered: EntryReport | None = None
    refused: EntryRefusal | None = None


encode = msgspec.json.encode
_settings = msgspec.json.Decoder(EntrySettings)
_message = msgspec.json.Decoder(EntryMessage)


def decode_settings(text: str) -> EntrySettings:
    """Return the settings of the entering process.

    Raises: msgspec.ValidationError.
    """
    return _settings.decode(text)


def decode_message(line: bytes) -> EntryMessage:
    """Return one line of the report.

    Raises: msgspec.DecodeError.
    """
    return _message.decode(line)
