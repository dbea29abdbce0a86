"""Files with what `show errors` printed, read whole: HAProxy keeps one request and one response of each proxy."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hitless.errors import EvidenceError
from hitless.explain.error_snapshots import Snapshot, Snapshots, parse_show_errors
from hitless.explain.heads.wall_clock import WallClock
from hitless.explain.inputs.unpacked import open_unpacked
from hitless.explain.sources.standard_input import name_of
from hitless.explain.window import Window

__all__ = ["ErrorEvidence", "read_errors"]

_LIMIT_BYTES = 64 * 1024 * 1024
_MOST_NAMED = 3


@dataclass(slots=True)
class ErrorEvidence:
    """The records of all files that lie in a window, with their files; `notes` say what was no record."""

    found: list[tuple[str, Snapshot]] = field(default_factory=list)
    size_bytes: int = 0
    notes: list[str] = field(default_factory=list)


def read_errors(paths: Sequence[str], clock: WallClock, window: Window) -> ErrorEvidence:
    """Return what these files hold.

    Raises: EvidenceError if one cannot be opened.
    """
    evidence = ErrorEvidence()
    for path in paths:
        name = name_of(path)
        with open_unpacked(path) as stream:
            try:
                data = stream.read(_LIMIT_BYTES + 1)
            except (OSError, EOFError) as error:
                raise EvidenceError(f"{name} cannot be read: {error}.") from error
            if stream.damage:
                evidence.notes.append(f"{name}: broken compression after {len(data)} bytes: {stream.damage}")
        if len(data) > _LIMIT_BYTES:
            evidence.notes.append(f"{name}: only its first {_LIMIT_BYTES} bytes were read")
        snapshots = parse_show_errors(data[:_LIMIT_BYTES], clock)
        evidence.size_bytes += len(data)
        evidence.found += [(name, one) for one in snapshots.found if window.has(one.at)]
        evidence.notes += _malformed(name, snapshots)
    return evidence


def _malformed(path: str, snapshots: Snapshots) -> list[str]:
    if not snapshots.malformed_count:
        return []
    named = "; ".join(f"at byte {one.offset}: {one.why}" for one in snapshots.malformed[:_MOST_NAMED])
    more = ", the first" if snapshots.malformed_count > _MOST_NAMED else ""
    return [f"{path}: {snapshots.malformed_count} malformed{more} {named}"]
