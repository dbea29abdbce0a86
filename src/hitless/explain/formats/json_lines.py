"""Lines that are one JSON object: of HAProxy's own encoding, whose keys the format names."""

from collections.abc import Mapping
from typing import Any

import msgspec

__all__ = ["flatten", "plain_values", "read_object"]

_MOST_KEYS = 500


def read_object(message: str) -> Mapping[str, Any] | None:
    """Return the object that a line is, None if it is none."""
    if not message.startswith("{"):
        return None
    try:
        found = msgspec.json.decode(message.encode("utf-8", "surrogateescape"))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return found if isinstance(found, dict) and len(found) <= _MOST_KEYS else None


def plain_values(found: Mapping[str, Any]) -> dict[str, str]:
    """Return each value as HAProxy writes it without an encoding; lists as captures, null as nothing."""
    return {key: _plain(value) for key, value in found.items()}


def flatten(found: Mapping[str, Any], *, depth: int = 2) -> dict[str, Any]:
    """Return an object with those inside it taken apart: {"http": {"status": 200}} has the key "http.status"."""
    flat: dict[str, Any] = {}
    for key, value in found.items():
        if isinstance(value, dict) and depth and len(flat) < _MOST_KEYS:
            flat |= {f"{key}.{inner}": v for inner, v in flatten(value, depth=depth - 1).items()}
        else:
            flat[key] = value
    return flat


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, list):
        return "{" + "|".join(_plain(item) for item in value) + "}"
    if isinstance(value, dict):
        return msgspec.json.encode(value).decode()
    return str(value)
