"""The time of a snapshot."""

from datetime import UTC, datetime

__all__ = ["rfc3339_now"]


def rfc3339_now() -> str:
    """Return the time, in seconds, as RFC 3339 in UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
