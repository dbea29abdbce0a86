"""The `log` line of `global`: a target on this host that takes long lines of every level. Pure.

Source: HAProxy 2.8 configuration.txt section 4.2 `log`.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from hitless.audit.edits import add_to_global, replace_line
from hitless.audit.log_lines import read_log_target, split_log_words
from hitless.audit.logging_setup.formats import LINE_BYTES
from hitless.audit.logging_setup.receivers import SYSTEM_SOCKET
from hitless.subject.places import config_line

if TYPE_CHECKING:
    from hitless.config.model import LogTarget
    from hitless.findings import ConfigEdit
    from hitless.subject import Subject

__all__ = ["edit_target", "socket_target"]

_FACILITY = "local0"
_STANDARD_STREAMS = ("stdout", "stderr", "fd@")


def edit_target(subject: Subject) -> tuple[ConfigEdit, ...]:
    """Return the edit of the target that takes requests; one is added where none is on this host."""
    targets = [target for target in _global_targets(subject) if _is_here(target)]
    if not targets:
        return add_to_global(subject, f"log {SYSTEM_SOCKET} len {LINE_BYTES} {_FACILITY}", beside=("log",))
    target = _for_requests(subject, targets)
    found = config_line(subject, target.where)
    words = found[0].line(found[1]).words if found else ()
    wanted = _line(words, target, hides_traffic=read_log_target(subject, target).hides_traffic)
    return () if tuple(wanted.split()) == words else replace_line(subject, target.where, wanted)


def socket_target(subject: Subject) -> str:
    """Return the path of the socket that requests are logged to after the edits, "" for a standard stream."""
    targets = [target for target in _global_targets(subject) if _is_here(target)]
    if not targets:
        return SYSTEM_SOCKET
    target = _for_requests(subject, targets)
    if target.address.text.startswith(_STANDARD_STREAMS):
        return ""
    return target.address.host if target.address.kind == "unix" else SYSTEM_SOCKET


def _global_targets(subject: Subject) -> list[LogTarget]:
    lines = {directive.where for directive in subject.in_global("log")}
    return [target for target in subject.model.log_targets if target.where in lines]


def _is_here(target: LogTarget) -> bool:
    """Return whether a target is a path, this host over loopback, or a standard stream; and no other host or a ring."""
    address = target.address
    if address.kind == "unix" or address.text.startswith(_STANDARD_STREAMS):
        return True
    if address.host == "localhost":
        return True
    try:
        return ipaddress.ip_address(address.host).is_loopback
    except ValueError:
        return False


def _for_requests(subject: Subject, targets: list[LogTarget]) -> LogTarget:
    """Return the target that keeps requests, the first one where none does: further ones are for messages."""
    talkative = (target for target in targets if not read_log_target(subject, target).hides_traffic)
    return next(talkative, targets[0])


def _line(words: tuple[str, ...], target: LogTarget, *, hides_traffic: bool) -> str:
    """Return the line with the least change: a longest line, and no level that hides requests.

    A target over UDP, which loses lines without a word where nobody has bound the port, becomes the system's socket. A
    socket gets lines as syslog's receivers know them: with the tag that names the process.
    """
    stream = target.address.text.startswith(_STANDARD_STREAMS)
    place = words[1] if stream or target.address.kind == "unix" else SYSTEM_SOCKET
    pairs, rest = split_log_words(words[2:])
    if not stream:
        pairs.pop("format", None)
    length = pairs.get("len", "")
    if not length.isdigit() or int(length) < LINE_BYTES:
        pairs["len"] = str(LINE_BYTES)
    options = (word for pair in pairs.items() for word in pair)
    return " ".join(["log", place, *options, *(rest[:1] if hides_traffic else rest)])
