"""The errors of hitless and the exit codes of its commands.

One root, one class per boundary. An error is a paragraph for the person at the terminal: what happened and
what to do next. Only `hitless.cli` turns it into text on stderr and an exit code.
"""

from enum import IntEnum

__all__ = [
    "ConfigError",
    "ControlError",
    "EvidenceError",
    "ExitCode",
    "HitlessError",
    "Interrupted",
    "LoadError",
    "ReloadError",
    "SandboxError",
    "UsageError",
]


class ExitCode(IntEnum):
    """What a command's exit status says. The same in every command; documented in docs/exit-codes.md."""

    CLEAN = 0
    FOUND = 1
    USAGE = 2
    UNKNOWN = 3
    INTERRUPTED = 130


class HitlessError(Exception):
    """Something that a person has to know about.

    `message` says what happened, `hint` what to do next.
    """

    exit_code = ExitCode.UNKNOWN

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(HitlessError):
    """The command's words are off: a missing file, a wrong option, a value out of range."""

    exit_code = ExitCode.USAGE


class ConfigError(HitlessError):
    """The HAProxy configuration cannot be used: unreadable, or refused by HAProxy itself."""

    exit_code = ExitCode.USAGE


class ControlError(HitlessError):
    """HAProxy could not be asked, refused, or answered what we do not understand."""


class SandboxError(HitlessError):
    """The private namespace or the world in it could not be made."""


class LoadError(HitlessError):
    """The clients could not run."""


class ReloadError(HitlessError):
    """A reload could not be triggered or followed."""


class EvidenceError(HitlessError):
    """Evidence could not be collected or read back."""


class Interrupted(HitlessError):  # noqa: N818 - it is the person's wish, not an error
    """Ctrl-C or SIGTERM: everything made has been taken down."""

    exit_code = ExitCode.INTERRUPTED
