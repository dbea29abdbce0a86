"""The words in which an explanation judges, counts and names."""

from enum import StrEnum

__all__ = [
    "Counting",
    "FaultKind",
    "InputKind",
    "Judgement",
    "Role",
]


class Judgement(StrEnum):
    """What an event was for clients."""

    HARMLESS = "harmless"
    """Nobody was hurt, as far as these inputs can show it: `NotKnown` says how far."""
    HARMFUL = "harmful"
    """Somebody was hurt, or HAProxy does not run what it should; a cause says why."""
    UNKNOWN = "unknown"
    """These inputs cannot tell."""


class Role(StrEnum):
    """What a process was in an event."""

    OLD = "old"
    NEW = "new"
    OTHER = "other"
    """Another process; or lines do not name theirs."""


class Counting(StrEnum):
    """How a number was found."""

    COUNTED = "counted"
    AT_LEAST = "at_least"
    ESTIMATED = "estimated"
    """From the rate before, and for how long nobody was there."""
    NOT_COUNTED = "not_counted"
    """It happened; these inputs do not say how often."""


class FaultKind(StrEnum):
    """What was wrong with what came in."""

    INVALID_REQUEST = "invalid_request"
    INVALID_RESPONSE = "invalid_response"
    CONNECTION_FAILED = "connection_failed"
    """It ended before there was a request: in the handshake of TLS, in a PROXY protocol header."""


class InputKind(StrEnum):
    """What an input is."""

    LOG = "log"
    JOURNAL = "journal"
    CAPTURE = "capture"
    RECEIPTS = "receipts"
    APPLICATION = "application"
    CONFIGURATION = "configuration"
    PROOF = "proof"
    ERRORS = "errors"
    """What `show errors` of the runtime API printed."""
