"""What HAProxy's two letters at the end of a connection mean, in plain words, for whom they stand there. Pure.

Source: HAProxy 2.8 and 3.2 doc/configuration.txt, "Session state at disconnection" (8.5, 8.4).
"""

import math

from hitless.explanations import Role

__all__ = ["describe", "is_error", "is_excess", "is_normal"]

_PAIRS = {
    "CC": "the client left while HAProxy was connecting to a server",
    "cC": "the client's timeout ran out while HAProxy was connecting to a server",
    "CD": "the client left in the middle of the transfer",
    "cD": "the client was silent for longer than its timeout in the middle of the transfer",
    "CH": "the client left before the server had answered",
    "cH": "the client was too slow while the server answered",
    "CL": "the client left before the last of the response had been sent",
    "cL": "the client did not take the last of the response in time",
    "CQ": "the client left while its request waited for a server",
    "CR": "the client closed before it had sent a whole request",
    "cR": "no whole request came in time",
    "CT": "the client left while it was held in the tarpit",
    "LC": "HAProxy itself ended it while connecting",
    "PC": "HAProxy could not open a connection: a limit of the process, or a fault of its configuration",
    "PD": "HAProxy blocked it in the middle: the server's answer was against the rules or the protocol",
    "PH": "HAProxy blocked the server's answer: it was no valid one, or a rule forbade it",
    "PR": "HAProxy refused the request: no valid one, or a rule forbade it",
    "PT": "HAProxy refused the request after holding it in the tarpit",
    "RC": "HAProxy had no source port, socket or memory left to connect with",
    "SC": "the server refused the connection, or none was there to take it",
    "sC": "the server did not take the connection in time",
    "SD": "the connection to the server broke in the middle of the transfer",
    "sD": "the server was silent for longer than its timeout in the middle of the transfer",
    "SH": "the server closed before its answer was whole",
    "sH": "the server did not answer in time",
    "SL": "the server closed before the last of the response",
    "sQ": "it waited for a free server until its time was over",
    "SQ": "no server was there while it waited",
    "KH": "HAProxy ended it by force while its server was about to answer",
    "KC": "HAProxy ended it by force",
    "KD": "HAProxy ended it by force in the middle of the transfer",
    "KR": "HAProxy ended it by force before its request was whole",
    "KQ": "HAProxy ended it by force while it waited for a server",
    "K-": "HAProxy ended it by force",
    "LR": "HAProxy itself answered",
}
_WHO = {
    "C": "the client ended it",
    "c": "the client's timeout ended it",
    "S": "the server ended it",
    "s": "the server's timeout ended it",
    "P": "HAProxy's rules or limits ended it",
    "L": "HAProxy itself answered",
    "R": "a resource of HAProxy was used up",
    "I": "HAProxy found an error in itself",
    "D": "HAProxy ended it because its server went down",
    "U": "HAProxy ended it on a backup server because a main one came up",
    "K": "HAProxy ended it by force",
}
_PHASES = {
    "R": "before the request was whole",
    "Q": "while it waited for a server",
    "C": "while connecting to the server",
    "H": "before the answer's headers",
    "D": "in the middle of the transfer",
    "L": "in the last of the transfer",
    "T": "in the tarpit",
}
_OF_OLD = {
    "K": "the old process was at its hard stop, or was told to end its sessions",
    "SC": "the old process no longer checks its servers, and keeps using those that are gone",
    "SQ": "the old process no longer checks its servers",
    "cR": "the old process answers 408 to clients that have connected and not yet asked",
    "R": "two generations share source ports and descriptors",
}
_OF_NEW = {
    "SC": "the new process has only started: its servers' states, names and checks begin anew",
    "SQ": "the new process has only started: its servers' states, names and checks begin anew",
    "PC": "two generations share the descriptors and limits",
    "R": "two generations share source ports and descriptors",
}
_ERRORS = frozenset("SsRIDUK")
_SIGMAS = 3.0


def describe(status: int, termination: str, role: Role) -> str:
    """Return what an ending means, and what besides where an old or a new process logged it."""
    who, phase = termination[:1], termination[1:2]
    text = _PAIRS.get(termination[:2])
    if text is None and who in _WHO:
        text = " ".join(part for part in (_WHO[who], _PHASES.get(phase, "")) if part)
    if text is None:
        text = f"answered {status}, and the connection ended normally" if status > 0 else "it ended normally"
    table = {Role.OLD: _OF_OLD, Role.NEW: _OF_NEW}.get(role, {})
    more = table.get(termination[:2].upper() if who in "sS" else termination[:2]) or table.get(who)
    return f"{text}; {more}" if more else text


def is_normal(status: int, termination: str) -> bool:
    """Whether nothing went wrong: it ended by itself, or HAProxy was to answer, and without a 5xx."""
    return status < 500 and termination[:1] in {"-", "L", ""}


def is_error(status: int, termination: str) -> bool:
    """Whether something other than the client went wrong."""
    return status >= 500 or termination[:1] in _ERRORS


def is_excess(lines: int, usual: float | None) -> bool:
    """Whether so many are more than chance makes of the usual number (Poisson, three standard deviations)."""
    expected = usual or 0.0
    return lines > expected + _SIGMAS * math.sqrt(max(expected, 1.0) if expected else 0.5)
