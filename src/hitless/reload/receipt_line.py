"""A receipt as one line of JSON: what the store keeps. Bounded: a reload of ten thousand listeners has a receipt, too.

A key is left out where its value is the default of `hitless.reloads`; "format" always stands there.
"""

from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgspec

from hitless.records import writable
from hitless.reloads import RECEIPT_FORMAT, Receipt

__all__ = ["LINE_LIMIT_BYTES", "decode_line", "encode_line", "moment"]

LINE_LIMIT_BYTES = 1024 * 1024
_BOUNDS = ((16_384, 1000), (4096, 200), (1024, 50), (256, 10), (64, 3))
"""Characters of one text and items of one list that are kept, tried one after the other until the line fits."""


def encode_line(receipt: Receipt) -> bytes:
    """Return the line, its end included. What does not fit is cut, and the receipt's notes say so."""
    value = {"format": receipt.format} | writable(msgspec.to_builtins(receipt))
    line = msgspec.json.encode(value)
    for characters, items in _BOUNDS:
        if len(line) < LINE_LIMIT_BYTES:
            break
        line = msgspec.json.encode(_cut_down(value, characters, items))
    return line + b"\n"


def decode_line(line: bytes) -> Receipt:
    """Return the receipt that a line holds. Raises: ValueError, which says why it is none."""
    if len(line) > LINE_LIMIT_BYTES:
        raise ValueError("longer than a receipt can be")
    try:
        receipt = msgspec.json.decode(line, type=Receipt)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            _require_known(msgspec.json.decode(line, type=_Head).format)
        raise ValueError(f"no receipt: {error}") from error
    _require_known(receipt.format)
    moment(receipt.started_at)
    return receipt


def moment(text: str) -> datetime:
    """Return a time of RFC 3339 in UTC; one without an offset is UTC. Raises: ValueError."""
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


class _Head(msgspec.Struct):
    format: int


def _require_known(found: int) -> None:
    if found != RECEIPT_FORMAT:
        raise ValueError(f"of format {found}, which this hitless does not know")


def _cut_down(value: dict[str, Any], characters: int, items: int) -> dict[str, Any]:
    lacking: Counter[str] = Counter()
    cut = {key: _cut(item, key, characters, items, lacking) for key, item in value.items()}
    left_out = ", ".join(f"{count} {what}" for what, count in sorted(lacking.items()))
    note = f"This receipt would be too big: it lacks {left_out}."
    return cut | {"notes": [*cut.get("notes", ())[: items - 1], note]}


def _cut(value: Any, key: str, characters: int, items: int, lacking: Counter[str]) -> Any:
    if isinstance(value, str) and len(value) > characters:
        lacking[f"characters of {key}"] += len(value) - characters + 1
        return value[: characters - 1] + "…"
    if isinstance(value, dict):
        return {name: _cut(item, f"{key}.{name}", characters, items, lacking) for name, item in value.items()}
    if isinstance(value, list):
        if len(value) > items:
            lacking[f"of {key}"] += len(value) - items
        return [_cut(item, key, characters, items, lacking) for item in value[:items]]
    return value
