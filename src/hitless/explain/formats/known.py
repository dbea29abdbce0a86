"""The formats that HAProxy has by itself, and JSON objects whose keys tell what they are.

Source: HAProxy 3.4 doc/configuration.txt sections 8.2.1 (default) and 8.2.5 (errors).
"""

from collections.abc import Iterable
from functools import cache

from hitless.config.environment import LOG_FORMATS
from hitless.explain.formats.aliases import Kind, Meaning
from hitless.explain.formats.compile import LineFormat, Slot, compile_format
from hitless.explain.formats.fields import LineFields, fill
from hitless.explain.formats.items import Item
from hitless.explain.formats.json_lines import flatten, plain_values, read_object

__all__ = ["FORMAT_TEXTS", "known_formats", "meanings_of", "read_any_json"]

FORMAT_TEXTS = {
    **{name: LOG_FORMATS[name] for name in ("http", "tcp", "https", "tcp_clf", "http_clf")},
    "connect": "Connect from %ci:%cp to %fi:%fp (%ft/%mode)",
    "error": "%ci:%cp [%t] %ft/%bind: %message",
}
"""By name, in the order in which they are tried."""

_JSON_KEYS = {
    "client_address": "client clientip clientaddr clientaddress src srcip remoteaddr remoteip sourceip ip ci",
    "client_port": "clientport srcport remoteport sourceport cp",
    "frontend_tls": "frontend frontendname frontendnametransport fename fe ft f",
    "backend": "backend backendname bename be",
    "server": "server servername srvname srv",
    "status": "status statuscode httpstatus httpstatuscode responsecode responsestatus code st",
    "sent_bytes": "bytes bytesread bytessent bytesout resbytes responsesize responsebytes",
    "received_bytes": "bytesuploaded bytesreceived bytesin reqbytes requestsize requestbytes",
    "termination": "termination terminationstate terminationstatewithcookiestatus termstate sessionstate ts tsc",
    "request": "request httprequest requestline",
    "method": "method httpmethod requestmethod verb",
    "uri": "uri url requesturi path httppath httprequesturi",
    "version": "httpversion protocol",
    "request_id": "requestid uniqueid reqid xrequestid id",
    "pid": "pid processid process",
    "date": "time timestamp date datetime acceptdate requestdate acceptedat tr",
    "retries": "retries rc",
    "error": "error errormessage",
}
_FIELD_OF_KEY = {key: name for name, keys in _JSON_KEYS.items() for key in keys.split()}
_TIMERS = frozenset({"TR", "Ta", "Tc", "Td", "Th", "Ti", "Tq", "Tr", "Tt", "Tu", "Tw"})
_ENOUGH = frozenset({"frontend_tls", "backend", "termination", "status", "client_address"})
_LEAST = 2
"""An object with so many of these keys is taken for a line about traffic."""


@cache
def known_formats() -> tuple[LineFormat, ...]:
    """Return HAProxy's own formats."""
    return tuple(compile_format(name, text) for name, text in FORMAT_TEXTS.items())


def read_any_json(message: str) -> LineFields | None:
    """Return what a JSON object says that was written by a format which is not known here; None if it is none."""
    read = read_object(message)
    if read is None:
        return None
    values = plain_values(flatten(read))
    meanings = meanings_of(values)
    if meanings is None:
        return None
    fields = LineFields()
    for key, value in values.items():
        fill(fields, Slot(meanings[key], Item(name=key)), value)
    return fields


def meanings_of(keys: Iterable[str]) -> dict[str, Meaning] | None:
    """Return what the keys of an object mean; None where they are not those of a line about traffic."""
    meanings = {key: _meaning(key) for key in keys}
    enough = sum(meaning.field in _ENOUGH for meaning in meanings.values()) >= _LEAST
    return meanings if enough else None


def _meaning(key: str) -> Meaning:
    timer = key.rpartition(".")[2]
    if timer in _TIMERS:
        return Meaning(f"timer.{timer}", Kind.NUMBER)
    plain = "".join(c for c in key.lower() if c.isalnum())
    return Meaning(_FIELD_OF_KEY.get(plain, ""), Kind.FREE)
