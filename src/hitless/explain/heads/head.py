"""A line of text taken apart: what stands before the message, and the message.

Source: RFC 3164, RFC 5424, RFC 6587; HAProxy 3.4 src/log.c build_log_header() (formats local, rfc3164, rfc5424,
priority, short, timed, iso, raw), src/errors.c print_message(); rsyslog's templates RSYSLOG_TraditionalFileFormat,
RSYSLOG_FileFormat and RSYSLOG_SyslogProtocol23Format; journalctl(1); the CRI logging format of Kubernetes; `docker
compose logs`; busybox syslogd, which writes facility and level before the program.
"""

import re
from dataclasses import dataclass

from hitless.explain.heads.stamps import STAMP

__all__ = ["Head", "split_head"]

_LEVELS = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
_MOST_BYTES_OF_HEAD = 1024

_COMPOSE = re.compile(r"(?:\x1b\[[\d;]*m)?[\w.-]{1,128} *\| (?:\x1b\[[\d;]*m)?|\[pod/[^\]\s]{1,256}\] ")
_PRIORITY = re.compile(r"<(\d{1,3})>")
_STAMP = re.compile(STAMP + r"(?: |\Z)")
_CRI = re.compile(r"(?:stdout|stderr) [FP](?::\S*)? ")
_RFC5424 = re.compile(
    r"1 (?:-|"
    + STAMP
    + r") (?P<host>\S{1,255}) (?P<program>\S{1,128}) (?P<pid>\S{1,128}) (?P<msgid>\S{1,128}) "
    r'(?P<data>-|(?:\[(?:[^\]"\\]|\\.|"(?:[^"\\]|\\.)*+")*+\])++) {0,2}\ufeff?'
)
_ORIGIN = re.compile(
    r"(?:(?P<host>[^\s\[\]]{1,255}(?<!:)) )?(?:(?:user|daemon|local[0-7])\.[a-z]{3,7} )?"
    r"(?P<program>[^\s\[\]:]{1,128})(?:\[(?P<pid>\d{1,10})\])?: "
)
_STDERR = re.compile(r"\[(ALERT|WARNING|NOTICE|DIAG)\] {1,5}(?:\d{3}/\d{6} )?\((\d{1,10})\) : ")


@dataclass(frozen=True, slots=True)
class Head:
    """What stood before a message. What a line does not have is empty or 0."""

    message: str
    stamp: re.Match[str] | None = None
    """A match of `stamps.STAMP`."""
    host: str = ""
    program: str = ""
    pid: int = 0
    level: str = ""
    own: bool = False
    """The message is one that HAProxy printed on stderr: `pid` is its speaker."""
    data: str = ""
    """The structured data of RFC 5424, without those of HAProxy where there are none."""


def split_head(line: str) -> Head:
    """Return the message of a line and what stands before it. Never raises; a line without a head is all message."""
    head = _split(line)
    if not head.program and not head.own and _PRIORITY.match(head.message):
        return _nested(head)
    return head


def _split(line: str) -> Head:
    compose = _COMPOSE.match(line)
    at = compose.end() if compose else 0
    level = ""
    priority = _PRIORITY.match(line, at)
    if priority is not None:
        level, at = _LEVELS[int(priority[1]) & 7], priority.end()
        modern = _RFC5424.match(line, at)
        if modern is not None:
            return _inside(_modern(line, modern, level))
    stamp = _STAMP.match(line, at)
    if stamp is None:
        return _inside(_with_origin(line, at, None, level))
    at = stamp.end()
    container = _CRI.match(line, at)
    if container is not None:
        return _inside(Head(line[container.end() :], stamp, level=level))
    return _inside(_with_origin(line, at, stamp, level))


def _modern(line: str, match: re.Match[str], level: str) -> Head:
    pid, host, program = match["pid"], match["host"], match["program"]
    return Head(
        line[match.end() :],
        match if any(match[name] for name in ("iso", "bsd", "unix", "full")) else None,
        "" if host == "-" else host,
        "" if program == "-" else program,
        int(pid[:10]) if pid.isdecimal() else 0,
        level,
        data="" if match["data"] == "-" else match["data"],
    )


def _with_origin(line: str, at: int, stamp: re.Match[str] | None, level: str) -> Head:
    """Take "host program[pid]: "; without a stamp only where the pid shows that it is one."""
    origin = _ORIGIN.match(line, at, at + _MOST_BYTES_OF_HEAD)
    if origin is None or (stamp is None and not origin["pid"]):
        return Head(line[at:], stamp, level=level)
    return Head(
        line[origin.end() :], stamp, origin["host"] or "", origin["program"], int(origin["pid"] or 0), level
    )


def _inside(head: Head) -> Head:
    """Look whether the message is one that HAProxy printed on stderr."""
    message = head.message
    own = _STDERR.match(message)
    if own is not None:
        return Head(
            message[own.end() :],
            head.stamp,
            head.host,
            head.program or "haproxy",
            int(own[2]),
            own[1].lower(),
            own=True,
        )
    return head


def _nested(head: Head) -> Head:
    """Return a head whose message has one of its own: a line of syslog in a container's."""
    inner = _split(head.message)
    stamp = inner.stamp if inner.stamp is not None else head.stamp
    return Head(
        inner.message, stamp, inner.host, inner.program, inner.pid, inner.level, inner.own, inner.data
    )
