"""The lines that HAProxy should write, as `log-format` takes them: an object of JSON, or the classic line with more.

Each has the process (old or new worker), the request's id, the termination state and all timers. Every string of a JSON
line that a client can choose is escaped by `json(utf8s)`; the others are names and numbers.

Source: HAProxy 2.8 configuration.txt sections 8.2.4 (variables), 7.3.1 `json`; tried on 2.2, 2.6, 2.8, 3.0 and 3.2.
"""

from __future__ import annotations

import re
from enum import StrEnum

__all__ = [
    "LINE_BYTES",
    "UNIQUE_ID_FORMAT",
    "UNIQUE_ID_HEADER",
    "Form",
    "format_line",
    "says_enough",
]

LINE_BYTES = 8192
"""A longer line is cut, and is no JSON then. HAProxy keeps 1023 bytes of a URI (tune.http.logurilen): 6 KiB at most.
rsyslog takes 8 KiB (maxMessageSize)."""
UNIQUE_ID_FORMAT = "unique-id-format %{+X}o%ci:%cp_%fi:%fp_%Ts_%rt:%pid"
UNIQUE_ID_HEADER = "unique-id-header X-Request-ID"

_WHEN = '"ended_ms":%[date(0,ms)],"process":%pid'
_WHO = '"client":"%ci:%cp","listener":"%fi:%fp","frontend":"%ft"'
_ID = '"id":"%[unique-id,json(utf8s)]"'
_SERVED = '"backend":"%b","server":"%s"'
_AMOUNTS = '"bytes":%B,"uploaded":%U,"connections":"%ac/%fc/%bc/%sc/%rc","queues":"%sq/%bq","tls":"%sslv"'
_JSON_HTTP = (
    f'{{"time":"%tr",{_WHEN},{_ID},{_WHO},{_SERVED},"status":%ST,"termination":"%tsc",'
    '"timers_ms":{"Th":%Th,"Ti":%Ti,"TR":%TR,"Tw":%Tw,"Tc":%Tc,"Tr":%Tr,"Td":%Td,"Ta":%Ta},'
    f'{_AMOUNTS},"method":"%HM","uri":"%[capture.req.uri,json(utf8s)]","version":"%HV"}}'
)
_JSON_TCP = (
    f'{{"time":"%t",{_WHEN},{_ID},{_WHO},{_SERVED},"termination":"%ts",'
    f'"timers_ms":{{"Th":%Th,"Tw":%Tw,"Tc":%Tc,"Td":%Td,"Tt":%Tt}},{_AMOUNTS}}}'
)
# The classic lines to their last word, so that halog and its like go on reading them; then what they lack.
_TEXT_HTTP = (
    "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r "
    "pid=%pid id=%ID Th=%Th Ti=%Ti Td=%Td U=%U"
)
_TEXT_TCP = (
    "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq pid=%pid id=%ID Th=%Th Td=%Td U=%U"
)

_EARLY = re.compile(r":(%Ta|%Tt|%B)\b")
"""Source: HAProxy 2.8 src/log.c sess_build_logline(), LW_BYTES."""
_QUOTED = r':"\1"'

_FLAGS = r"%(?:\{[^}]*\})?"
_NEEDED = (
    re.compile(rf"{_FLAGS}pid\b|\bpid\b"),
    re.compile(rf"{_FLAGS}ID\b|unique-id"),
    re.compile(rf"{_FLAGS}(?:tsc?)\b"),
    re.compile(rf"{_FLAGS}T[at]\b"),
    re.compile(rf"{_FLAGS}Tw\b"),
    re.compile(rf"{_FLAGS}Tc\b"),
)


class Form(StrEnum):
    """What a line looks like."""

    JSON = "json"
    HTTPLOG = "httplog"


def format_line(form: Form, mode: str, *, early: bool = False) -> str:
    """Return the `log-format` line of frontends in this mode ("http" or "tcp").

    `early`: with `option logasap` some numbers begin with a plus sign, and JSON has them as strings.
    """
    if form is Form.HTTPLOG:
        return f'log-format "{_TEXT_HTTP if mode == "http" else _TEXT_TCP}"'
    text = _JSON_HTTP if mode == "http" else _JSON_TCP
    return f"log-format '{_EARLY.sub(_QUOTED, text) if early else text}'"


def says_enough(text: str, form: Form) -> bool:
    """Return whether a format of the user's own already has the form, process, id, termination state and timers."""
    is_json = text.lstrip().startswith(("{", "%{+json}o"))
    return is_json == (form is Form.JSON) and all(needed.search(text) for needed in _NEEDED)
