"""The snapshot: all that an audit looks at, in one value."""

from hitless.facts.host import Host
from hitless.facts.instance import Instance
from hitless.records import Record

__all__ = ["SNAPSHOT_FORMAT", "Snapshot", "Unknown"]

SNAPSHOT_FORMAT = 1


class Unknown(Record, frozen=True):
    """Something that could not be seen, and why: a rule that needs it does not pass, it is not checked."""

    what: str
    why: str
    instance: str = ""


class Snapshot(Record, frozen=True):
    """Facts about a host (`host` set), or about configuration files alone (`host` None)."""

    tool_version: str
    taken_at: str
    """RFC 3339, UTC."""
    instances: tuple[Instance, ...]
    host: Host | None = None
    unknown: tuple[Unknown, ...] = ()
    format: int = SNAPSHOT_FORMAT
