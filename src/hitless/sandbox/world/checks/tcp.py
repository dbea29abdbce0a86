"""What the `tcp-check` rules want to hear, and the checks of protocols that HAProxy has built in.

Source: HAProxy 2.8 src/tcpcheck.c: the rules that proxy_parse_redis_check_opt() and its siblings make.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.sandbox.world.checks.connect import Connect, parse_connect
from hitless.sandbox.world.checks.expectation import (
    CannotSatisfy,
    Expectation,
    as_bytes,
    holds_for_bytes,
    parse_expectation,
    wanted_bytes,
)
from hitless.sandbox.world.records import Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hitless.config.model import Proxy

__all__ = ["Script", "plan_builtin_check", "plan_tcp_check"]

Script = tuple[Step, ...]

_SILENT_RULES = {"comment", "set-var", "set-var-fmt", "unset-var"}


def plan_tcp_check(proxy: Proxy) -> list[tuple[Connect, Script]]:
    """Return the conversations of `option tcp-check`, one for each connection that it opens.

    Raises: CannotSatisfy.
    """
    connections: list[tuple[Connect, list[Sequence[str]]]] = [(Connect(), [])]
    for directive in proxy.all("tcp-check"):
        words = directive.words[1:]
        if words[:1] == ("connect",):
            if connections[-1][1] or connections[-1][0] != Connect():
                connections.append((parse_connect(words[1:]), []))
            else:
                connections[-1] = (parse_connect(words[1:]), [])
        elif words and words[0] not in _SILENT_RULES:
            connections[-1][1].append(words)
    return [(connect, _script(rules)) for connect, rules in connections]


def _script(rules: Sequence[Sequence[str]]) -> Script:
    steps: list[Step] = []
    heard = b""
    wanted: list[Expectation] = []
    for words in rules:
        if words[0] == "expect":
            wanted.append(parse_expectation(words[1:]))
            continue
        if wanted:
            steps.append(Step(hear=heard, say=_saying(wanted)))
            heard, wanted = b"", []
        heard += _sent(words)
    if wanted:
        steps.append(Step(hear=heard, say=_saying(wanted)))
    return tuple(steps)


def _sent(words: Sequence[str]) -> bytes:
    match words:
        case ["send", text, *_]:
            return as_bytes(text)
        case ["send-binary", digits, *_]:
            try:
                return bytes.fromhex(digits)
            except ValueError as error:
                raise CannotSatisfy(f"“{digits}” is no series of hexadecimal digits") from error
        case [("send-lf" | "send-binary-lf") as rule, *_]:
            raise CannotSatisfy(f"what the check sends is a log-format string (tcp-check {rule})")
        case _:
            raise CannotSatisfy(f"the rule “tcp-check {' '.join(words)}” is not understood")


def _saying(wanted: Sequence[Expectation]) -> bytes:
    """Return bytes that satisfy rules in a row: they all look at the same buffer."""
    said = b""
    for expectation in wanted:
        if not expectation.negated and not holds_for_bytes(expectation, said):
            said += wanted_bytes(expectation)
    for text in (said + b"\r\n", said):
        if all(holds_for_bytes(e, text) for e in wanted):
            return text
    rules = " / ".join(f"expect {'! ' * e.negated}{e.match} {e.pattern}" for e in wanted)
    raise CannotSatisfy(f"no bytes were found that satisfy “{rules}”")


def _mysql_packet(number: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "little") + bytes((number,)) + payload


_MYSQL_GREETING = _mysql_packet(
    0,
    b"\x0a8.0.30-world\0"  # protocol 10, server version
    b"\1\0\0\0abcdefgh\0"  # thread, first part of the salt
    b"\xff\xf7\x08\2\0\x7f\x80\x15"  # capabilities, character set, status, length of the salt
    + bytes(10)
    + b"ijklmnopqrst\0mysql_native_password\0",
)
"""HandshakeV10 (MySQL internals, Protocol::HandshakeV10)."""
_MYSQL_OK = _mysql_packet(2, b"\0\0\0\2\0\0\0")


def plan_builtin_check(option: str, words: Sequence[str]) -> Script:
    """Return the conversation of an `option NAME [arguments]` for a protocol; () for a check by TLS hello.

    Raises: CannotSatisfy for those that cannot be played.
    """
    match option:
        case "redis-check":
            return (Step(hear=b"*1\r\n$4\r\nPING\r\n", say=b"+PONG\r\n"),)
        case "smtpchk":
            hello, domain = (words[0], words[1]) if len(words) > 1 else ("HELO", "localhost")
            return (
                Step(say=b"220 world ESMTP\r\n"),
                Step(hear=as_bytes(f"{hello} {domain}\r\n"), say=b"250 world\r\n"),
                Step(hear=b"QUIT\r\n", say=b"221 bye\r\n", hang_up=True),
            )
        case "mysql-check":
            return (Step(say=_MYSQL_GREETING), Step(hear_anything=True, say=_MYSQL_OK))
        case "pgsql-check":
            user = as_bytes(words[1] if len(words) > 1 else "")
            startup = b"\0\x03\0\0user\0" + user + b"\0\0"
            # AuthenticationOk (PostgreSQL protocol 3.0, Message Formats)
            return (Step(hear=(len(startup) + 4).to_bytes(4) + startup, say=b"R\0\0\0\x08\0\0\0\0"),)
        case "ldap-check":
            return (
                Step(
                    hear=bytes.fromhex("300c020101600702010304008000"),
                    say=bytes.fromhex(
                        "300c02010161070a010004000400"
                    ),  # BindResponse success (RFC 4511 section 4.2.2)
                ),
            )
        case "ssl-hello-chk":
            return ()
        case "external-check":
            raise CannotSatisfy("the check is a program (external-check)")
        case other:
            raise CannotSatisfy(f"the check “option {other}” is not played by the simulated world")
