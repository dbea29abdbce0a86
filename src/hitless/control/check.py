"""Let HAProxy itself judge a configuration: `haproxy -c`.

It parses and resolves, and never binds: "valid" says nothing about addresses (measured on 2.2 to 3.4).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hitless.control.binary import HaproxyBinary
from hitless.control.command import Completed, run_bounded
from hitless.control.messages import Level, Message, parse_messages

__all__ = ["CheckResult", "check_command", "check_configuration", "read_check"]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """HAProxy's judgement. `ok` is its exit status alone: the line "Configuration file is valid" went in 2.9."""

    ok: bool
    messages: tuple[Message, ...]
    raw: str
    """stderr, then stdout, as it came."""

    @property
    def alerts(self) -> tuple[Message, ...]:
        """The messages that made it fail, without the closing "Error(s) found" lines where others say more."""
        alerts = tuple(m for m in self.messages if m.level is Level.ALERT)
        return tuple(m for m in alerts if not _says_only_that_it_failed(m)) or alerts

    @property
    def warnings(self) -> tuple[Message, ...]:
        """What HAProxy warns of."""
        return tuple(m for m in self.messages if m.level is Level.WARNING)


def check_command(
    binary: HaproxyBinary,
    files: Sequence[str],
    *,
    flags: Sequence[str] = (),
    extra_arguments: Sequence[str] = (),
) -> list[str]:
    """Return the command line of the check.

    `flags` are the service's mode flags ("-W", "-Ws"): some lines parse differently without them (HAProxy
    9def1425c).
    """
    named = [word for file in files for word in ("-f", file)]
    return [binary.path, *flags, "-c", *named, *extra_arguments]


def read_check(completed: Completed) -> CheckResult:
    """Return what a finished check said."""
    return CheckResult(
        completed.returncode == 0, parse_messages(completed.stderr), completed.stderr + completed.stdout
    )


def check_configuration(
    binary: HaproxyBinary,
    files: Sequence[str],
    *,
    flags: Sequence[str] = (),
    extra_arguments: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    working_directory: str | None = None,
    timeout_s: float = 60.0,
) -> CheckResult:
    """Ask HAProxy whether it would load these files.

    Raises: CouldNotAsk if it did not end within `timeout_s`; OSError if it could not be started.
    """
    command = check_command(binary, files, flags=flags, extra_arguments=extra_arguments)
    return read_check(
        run_bounded(
            command, timeout_s=timeout_s, environment=environment, working_directory=working_directory
        )
    )


def _says_only_that_it_failed(message: Message) -> bool:
    return message.text.removeprefix("config : ").startswith(("Error(s) found in ", "Fatal errors found in "))
