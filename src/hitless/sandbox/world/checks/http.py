"""What `option httpchk` and its `http-check` rules want to be answered.

Source: HAProxy 2.8 src/tcpcheck.c tcpcheck_overwrite_send_http_rule() (an `http-check send` before any other rule
replaces what `option httpchk` says, word by word), tcpcheck_eval_expect_http().
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
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
from hitless.sandbox.world.checks.pattern import Unreadable, example_of
from hitless.sandbox.world.records import HttpAnswer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hitless.config.model import Proxy

__all__ = ["plan_http_check"]

_STATUSES = (200, 204, 301, 302, 400, 401, 403, 404, *range(200, 600))
_FILLER = b"answered by the simulated world\n"
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass
class _Round:
    """One request of the check and what is expected of its response."""

    connect: Connect
    method: str = "OPTIONS"
    path: str = "/"
    expectations: list[Expectation] = field(default_factory=list)


def plan_http_check(proxy: Proxy) -> list[tuple[Connect, HttpAnswer]]:
    """Return the answers that make this proxy's HTTP check succeed, each with where it is asked for.

    Raises: CannotSatisfy.
    """
    return [(r.connect, _answer(r)) for r in _rounds(proxy)]


def _rounds(proxy: Proxy) -> list[_Round]:
    words = proxy.options["httpchk"].words[2:]
    first = _Round(Connect())
    if len(words) == 1:
        first.path = words[0]
    elif words:
        first.method, first.path = words[0], words[1]
    rounds = [first]
    begun = False
    for directive in proxy.all("http-check"):
        rule, rest = directive.words[1:2], directive.words[2:]
        if begun and rule in {("connect",), ("send",)}:
            rounds.append(_Round(rounds[-1].connect))
            begun = False
        if rule == ("connect",):
            rounds[-1].connect = parse_connect(rest)
        elif rule == ("send",):
            _set_request(rounds[-1], rest)
            begun = True
        elif rule == ("expect",):
            rounds[-1].expectations.append(parse_expectation(rest))
            begun = True
    return rounds


def _set_request(request: _Round, words: tuple[str, ...]) -> None:
    position = 0
    while position < len(words):
        keyword = words[position]
        value = words[position + 1] if position + 1 < len(words) else ""
        if keyword == "uri-lf":
            raise CannotSatisfy("the check's path is a log-format string (http-check send uri-lf)")
        if keyword == "meth":
            request.method = value
        elif keyword == "uri":
            request.path = value
        position += 3 if keyword == "hdr" else 2


def _answer(request: _Round) -> HttpAnswer:
    headers: list[tuple[str, str]] = []
    body = b""
    for expectation in request.expectations:
        if expectation.match in {"hdr", "fhdr"} and not expectation.negated:
            headers.append(_header(expectation))
        if expectation.match in {"string", "rstring"} and not expectation.negated:
            wanted = wanted_bytes(expectation)
            body += wanted if wanted not in body else b""
    for status in _statuses(request.expectations):
        for text in dict.fromkeys((body + b"\n" + _FILLER, body, _FILLER)):
            answer = HttpAnswer(
                method=request.method, path=request.path, status=status, headers=tuple(headers), body=text
            )
            if all(_holds(e, answer) for e in request.expectations):
                return answer
    rules = " / ".join(
        f"expect {'! ' * e.negated}{e.match} {' '.join(e.arguments)}" for e in request.expectations
    )
    raise CannotSatisfy(f"no answer was found that satisfies “{rules}”")


def _statuses(expectations: Iterable[Expectation]) -> list[int]:
    """Return statuses worth a trial, the usual ones first."""
    about = [e for e in expectations if e.match in {"status", "rstatus"}]
    if not about:
        return [200]
    fitting = [s for s in dict.fromkeys(_STATUSES) if all(_holds(e, _bare(s)) for e in about)]
    return fitting[:3]


def _bare(status: int) -> HttpAnswer:
    return HttpAnswer(method="", path="", status=status)


def _holds(expectation: Expectation, answer: HttpAnswer) -> bool:
    pattern = expectation.pattern
    match expectation.match:
        case "status":
            found = any(low <= answer.status <= high for low, high in _ranges(pattern))
        case "rstatus":
            return holds_for_bytes(expectation._replace(match="rstring"), str(answer.status).encode())
        case "hdr" | "fhdr":
            # A header is made so that it fits; one that must be absent is not looked for in what others ask.
            return not expectation.negated or not answer.headers
        case _:
            return holds_for_bytes(expectation, answer.body)
    return found is not expectation.negated


def _ranges(codes: str) -> list[tuple[int, int]]:
    ranges = []
    for part in codes.split(","):
        low, _, high = part.partition("-")
        if not low.isdigit() or not (high or low).isdigit():
            raise CannotSatisfy(f"“{codes}” is no list of statuses")
        ranges.append((int(low), int(high or low)))
    return ranges


def _header(expectation: Expectation) -> tuple[str, str]:
    """Return a header that the rule accepts: `{hdr|fhdr} name [-m METHOD] NAME [value [-m METHOD] VALUE]`."""
    words = list(expectation.arguments)
    found = {"name": "", "value": ""}
    while words:
        which = words.pop(0)
        method = "str"
        if words[:1] == ["-m"]:
            method = words[1] if len(words) > 1 else ""
            del words[:2]
        if which not in found or not words:
            raise CannotSatisfy(f"the rule “expect {expectation.match}” is not understood")
        found[which] = _example(method, words.pop(0))
    if not _HEADER_NAME.fullmatch(found["name"]) or not found["value"].isprintable():
        raise CannotSatisfy(f"“{found['name']}: {found['value']}” is no header")
    return found["name"].lower(), found["value"] or "present"


def _example(method: str, pattern: str) -> str:
    if method != "reg":
        return pattern
    try:
        example = example_of(pattern)
    except Unreadable as error:
        raise CannotSatisfy(f"no header was found that matches “{pattern}” ({error})") from error
    if not holds_for_bytes(Expectation("rstring", (pattern,)), as_bytes(example)):
        raise CannotSatisfy(f"no header was found that matches “{pattern}”")
    return example
