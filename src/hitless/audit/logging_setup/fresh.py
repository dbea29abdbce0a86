"""The logging of a configuration that is yet to be written: its lines with their reasons, and the receiver's files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.logging_setup.formats import (
    LINE_BYTES,
    UNIQUE_ID_FORMAT,
    UNIQUE_ID_HEADER,
    Form,
    format_line,
)
from hitless.audit.logging_setup.plan import LoggingChoice, receiver_files
from hitless.audit.logging_setup.receivers import DEFAULT_CHROOT, SYSTEM_SOCKET

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CONFIGURATION_PATH", "fresh_files", "lines_of_defaults", "lines_of_global"]

CONFIGURATION_PATH = "/etc/haproxy/logging.cfg"


def lines_of_global(chroot: str) -> Iterator[str]:
    """Yield the lines of `global`, without indentation."""
    yield "# The longest line that it can write: a longer one is cut, and no JSON."
    yield f"log {SYSTEM_SOCKET} len {LINE_BYTES} local0"
    if chroot:
        yield f"chroot {chroot}"


def lines_of_defaults(form: Form) -> Iterator[str]:
    """Yield the lines of `defaults` for frontends in HTTP mode, without indentation."""
    yield "log global"
    yield "# One line a request; the process (%pid) tells the old worker from the new one."
    yield format_line(form, "http")
    yield "# A number for each request, which server and client see, too: it joins their log with this one."
    yield UNIQUE_ID_FORMAT
    yield UNIQUE_ID_HEADER


def fresh_files(choice: LoggingChoice) -> dict[str, str]:
    """Return the files by path: a piece of configuration, and what receives."""
    chroot = DEFAULT_CHROOT if choice.chroot is None else choice.chroot
    lines = [
        "# Written by `hitless logs init`: what belongs into `global` and `defaults`.",
        "global",
        *(f"    {line}" for line in lines_of_global(chroot)),
        "",
        "defaults",
        "    mode http",
        *(f"    {line}" for line in lines_of_defaults(choice.form)),
        "    # Left out on purpose: option dontlog-normal and dontlognull keep lines out that show a clean reload,",
        "    # or a client that was cut early; option logasap writes lines before their end is known.",
        "    # Frontends in TCP mode:",
        f"    #   {format_line(choice.form, 'tcp')}",
    ]
    return {
        CONFIGURATION_PATH: "\n".join(lines) + "\n",
        **receiver_files(choice, chroot, SYSTEM_SOCKET, {}),
    }
