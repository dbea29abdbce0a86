"""A snapshot as the JSON document on disk (docs/json-schema/snapshot-1.json)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from hitless.config.files import read_bounded
from hitless.errors import ConfigError, UsageError
from hitless.facts import SNAPSHOT_FORMAT, Snapshot
from hitless.records import writable
from hitless.report.document import record_schema

__all__ = ["LIMIT_BYTES", "json_schema", "read_snapshot_file", "render_snapshot", "rfc3339_now", "settle"]

LIMIT_BYTES = 256 * 1024 * 1024
_LONGEST_NAME = (
    8192  # a path's 4096 bytes, each of which may be written out; the name stands in every finding
)
_HINT = "`hitless snapshot -o FILE` writes one."


def rfc3339_now() -> str:
    """Return the time, in seconds, as RFC 3339 in UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def settle(snapshot: Snapshot) -> Snapshot:
    r"""Return the snapshot as it would be read back from its document: what is audited is what can be passed on.

    Bytes that are no text (a path, a command line) stand as "\xNN" in it.
    """
    return msgspec.json.decode(_encode(snapshot), type=Snapshot)


def render_snapshot(snapshot: Snapshot) -> str:
    """Return the document, indented."""
    return msgspec.json.format(_encode(snapshot), indent=2).decode() + "\n"


def read_snapshot_file(path: str) -> Snapshot:
    """Return the snapshot that a file holds.

    Raises: UsageError if it cannot be read, is no snapshot, or one of a format that this version does not know.
    """
    try:
        data = read_bounded(path, LIMIT_BYTES)
    except ConfigError as error:
        message = error.message.replace("the configuration ", "the snapshot ", 1)
        raise UsageError(message, hint=_HINT) from error
    found = _format_of(data, path)
    if found != SNAPSHOT_FORMAT:
        raise UsageError(
            f"{path} is a snapshot of format {found}; this hitless reads format {SNAPSHOT_FORMAT}.",
            hint="Read it with the version of hitless that wrote it, or take it again with this one.",
        )
    try:
        snapshot = msgspec.json.decode(data, type=Snapshot)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path} is no snapshot of hitless: {error}.", hint=_HINT) from error
    if any(len(instance.name) > _LONGEST_NAME for instance in snapshot.instances):
        raise UsageError(f"{path} is no snapshot of hitless: the name of a service is too long.", hint=_HINT)
    return snapshot


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the document."""
    return record_schema(Snapshot, "What `hitless snapshot` writes")


class _Head(msgspec.Struct):
    taken_at: str
    format: int = SNAPSHOT_FORMAT


def _format_of(data: bytes, path: str) -> int:
    try:
        return msgspec.json.decode(data, type=_Head).format
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path} is no snapshot of hitless: {error}.", hint=_HINT) from error


def _encode(snapshot: Snapshot) -> bytes:
    try:
        return msgspec.json.encode(snapshot)
    except UnicodeEncodeError:
        return msgspec.json.encode(writable(msgspec.to_builtins(snapshot)))
