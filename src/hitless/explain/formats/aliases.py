"""What each item of a log format is: the field that it fills, and the kind of its text.

Source: HAProxy 3.4 doc/configuration.txt section 8.2.6 (the table, with the sample expressions that say the same),
src/log.c sess_build_logline_orig(); read for 2.2, 2.6, 2.8, 3.0, 3.2 too.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["ALIASES", "Kind", "Meaning", "meaning_of", "without_json"]


class Kind(StrEnum):
    """What the text of an item can be; `hitless.explain.formats.patterns` has the expression of each."""

    ADDRESS = "address"
    PORT = "port"
    NUMBER = "number"
    """May be -1, and has a "+" where `option logasap` or a redispatch makes it incomplete."""
    NAME = "name"
    """Of a proxy or server, as HAProxy admits them; "<NOSRV>" and the like."""
    FRONTEND_TLS = "frontend_tls"
    TERMINATION = "termination"
    DATE_MS = "date_ms"
    """22/Nov/2026:13:50:08.123, in HAProxy's zone."""
    DATE_ZONE = "date_zone"
    """22/Nov/2026:13:50:08 +0100."""
    UNIX_TIME = "unix_time"
    MILLISECONDS = "milliseconds"
    URL_ENCODED = "url_encoded"
    """One word without quotes; they, and what is not printable, are #XX."""
    REQUEST = "request"
    """The same with spaces: a request line."""
    CAPTURES = "captures"
    """{a|b}, or nothing at all."""
    CAPTURE_LIST = "capture_list"
    WORD = "word"
    """No space in it, as a rule: a cookie, a request id, a cipher."""
    FREE = "free"
    """Anything."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """The field that an item fills ("timer.Tw", "client_address", …); "" for one that goes to `Traffic.other`."""

    field: str
    kind: Kind


def _table() -> dict[str, Meaning]:
    table = {
        "ci": Meaning("client_address", Kind.ADDRESS),
        "cp": Meaning("client_port", Kind.PORT),
        "f": Meaning("frontend", Kind.NAME),
        "ft": Meaning("frontend_tls", Kind.FRONTEND_TLS),
        "b": Meaning("backend", Kind.NAME),
        "s": Meaning("server", Kind.NAME),
        "ST": Meaning("status", Kind.NUMBER),
        "B": Meaning("sent_bytes", Kind.NUMBER),
        "U": Meaning("received_bytes", Kind.NUMBER),
        "ts": Meaning("termination", Kind.TERMINATION),
        "tsc": Meaning("termination", Kind.TERMINATION),
        "rc": Meaning("retries", Kind.NUMBER),
        "hr": Meaning("request_captures", Kind.CAPTURES),
        "hs": Meaning("response_captures", Kind.CAPTURES),
        "hrl": Meaning("request_captures", Kind.CAPTURE_LIST),
        "hsl": Meaning("response_captures", Kind.CAPTURE_LIST),
        "r": Meaning("request", Kind.REQUEST),
        "HM": Meaning("method", Kind.URL_ENCODED),
        "HU": Meaning("uri", Kind.URL_ENCODED),
        "HP": Meaning("path", Kind.URL_ENCODED),
        "HPO": Meaning("path", Kind.URL_ENCODED),
        "HQ": Meaning("query", Kind.URL_ENCODED),
        "HV": Meaning("version", Kind.URL_ENCODED),
        "ID": Meaning("request_id", Kind.WORD),
        "pid": Meaning("pid", Kind.NUMBER),
        "Ts": Meaning("unix_time", Kind.UNIX_TIME),
        "ms": Meaning("milliseconds", Kind.MILLISECONDS),
        "CC": Meaning("", Kind.WORD),
        "CS": Meaning("", Kind.WORD),
        "H": Meaning("", Kind.WORD),
        "OG": Meaning("", Kind.NAME),
        "sslc": Meaning("", Kind.WORD),
        "sslv": Meaning("", Kind.WORD),
        # Not HAProxy's: what stands in the two formats that are no log-format, see formats.known.
        "mode": Meaning("", Kind.NAME),
        "bind": Meaning("", Kind.NAME),
        "message": Meaning("error", Kind.FREE),
    }
    table |= {name: Meaning("date", Kind.DATE_MS) for name in ("t", "tr")}
    table |= {name: Meaning("date", Kind.DATE_ZONE) for name in ("T", "Tl", "trg", "trl")}
    timers = ("TR", "Ta", "Tc", "Td", "Th", "Ti", "Tq", "Tr", "Tt", "Tu", "Tw")
    table |= {name: Meaning(f"timer.{name}", Kind.NUMBER) for name in timers}
    counters = ("ac", "fc", "bc", "sc", "sq", "bq", "rt", "lc")
    table |= {name: Meaning(f"counter.{name}", Kind.NUMBER) for name in counters}
    table |= {name: Meaning("", Kind.ADDRESS) for name in ("fi", "bi", "si")}
    return table | {name: Meaning("", Kind.PORT) for name in ("fp", "bp", "sp")}


ALIASES = _table()

_SAME_AS = {
    "src": "ci",
    "src_port": "cp",
    "fe_name": "f",
    "be_name": "b",
    "srv_name": "s",
    "status": "ST",
    "txn.status": "ST",
    "res.bytes_in": "B",
    "bytes_out": "B",
    "req.bytes_in": "U",
    "bytes_in": "U",
    "txn.sess_term_state": "ts",
    "unique-id": "ID",
    "pid": "pid",
    "accept_date": "Ts",
    "request_date": "Ts",
    "method": "HM",
    "url": "HU",
    "capture.req.uri": "HU",
    "capture.req.method": "HM",
    "capture.req.ver": "HV",
    "path": "HP",
    "txn.timer.total": "Ta",
    "bc.timer.connect": "Tc",
    "res.timer.data": "Td",
    "fc.timer.handshake": "Th",
    "req.timer.idle": "Ti",
    "req.timer.tq": "Tq",
    "req.timer.hdr": "TR",
    "res.timer.hdr": "Tr",
    "fc.timer.total": "Tt",
    "txn.timer.user": "Tu",
    "req.timer.queue": "Tw",
    "act_conn": "ac",
    "fe_conn": "fc",
    "be_conn": "bc",
    "bc_srv_queue": "sq",
    "bc_be_queue": "bq",
    "txn.conn_retries": "rc",
    "txn.id32": "rt",
}
"""Sample expressions that are an alias in other words."""

_FREE_OF_EXPRESSION = frozenset({Kind.NAME, Kind.URL_ENCODED, Kind.REQUEST, Kind.FREE})
"""A sample is not encoded as the alias is: a path from `%[path]` may hold quotes and control characters."""
_OTHER = Meaning("", Kind.FREE)
_JSON_CONVERTER = re.compile(r",json(?:\([^()]*\))?\Z")


def meaning_of(alias: str, expression: str) -> Meaning:
    """Return what an item is; one that is not known is text for `Traffic.other`."""
    if alias:
        return ALIASES.get(alias, _OTHER)
    bare = without_json(expression)
    same = ALIASES.get(_SAME_AS.get(bare, ""), _OTHER)
    is_encoded = bare != expression.strip()
    return Meaning(same.field, Kind.FREE) if is_encoded or same.kind in _FREE_OF_EXPRESSION else same


def without_json(expression: str) -> str:
    """Return a sample expression without the converter at its end that escapes it as text of JSON, if it has one.

    Source: HAProxy 2.8 doc/configuration.txt section 7.3.1 `json`.
    """
    return _JSON_CONVERTER.sub("", expression.strip())
