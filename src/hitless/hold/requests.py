"""What may be asked at the control socket: one line of JSON, of bounded length. Pure."""

import json
from dataclasses import dataclass
from typing import Any

from hitless.errors import UsageError

__all__ = ["REQUEST_LIMIT_BYTES", "Request", "encode", "parse_request"]

REQUEST_LIMIT_BYTES = 64 * 1024
_FIELDS: dict[str, dict[str, type]] = {
    "status": {},
    "add": {"instance": dict},
    "drop": {"name": str},
    "take": {"name": str, "from": str},
    "upgrade": {},
}
"""What each needs besides, and of which kind."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request; its fields are there and of their kind."""

    op: str
    fields: dict[str, Any]


def parse_request(line: bytes) -> Request:
    """Return what a line asks for.

    Raises: UsageError for anything else.
    """
    try:
        document = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError("A request is one line of JSON.") from error
    if not isinstance(document, dict) or document.get("op") not in _FIELDS:
        raise UsageError(f"A request is an object whose op is one of {', '.join(_FIELDS)}.")
    op = document.pop("op")
    if document.keys() != _FIELDS[op].keys():
        raise UsageError(f"{op} needs {', '.join(_FIELDS[op]) or 'nothing'} besides, and nothing else.")
    for name, kind in _FIELDS[op].items():
        if not isinstance(document[name], kind):
            raise UsageError(f"{op}: {name} is not of its kind.")
    return Request(op, document)


def encode(document: dict[str, object]) -> bytes:
    """Return a line."""
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"
