"""What a stand-in is: the state of a path, what is to be written, and for the report, why."""

from dataclasses import dataclass
from enum import StrEnum

from hitless.records import StandIn

__all__ = ["Content", "PathState", "StandInPlan"]


class PathState(StrEnum):
    """What a path leads to, symbolic links followed."""

    ABSENT = "absent"
    FILE = "file"
    DIRECTORY = "directory"
    UNREADABLE = "unreadable"
    OTHER = "other"


class Content(StrEnum):
    """What is to be written; `hitless.sandbox.write_standins` has a writer for each."""

    ACL = "acl"
    AUTHORITY = "authority"
    CERTIFICATE = "certificate"
    CERTIFICATE_DIRECTORY = "certificate-directory"
    CRL = "crl"
    CRT_LIST = "crt-list"
    DH = "dh"
    DIRECTORY = "directory"
    EMPTY = "empty"
    ERROR_FILE = "error-file"
    GROUP = "group"
    LUA = "lua"
    MAP = "map"
    SCRIPT = "script"
    SERVER_STATE = "server-state"
    SPOE = "spoe"
    TICKET_KEYS = "ticket-keys"
    USER = "user"
    WRITABLE = "writable"


@dataclass(frozen=True, slots=True)
class StandInPlan:
    """One thing to be written in the private root, or made writable there."""

    content: Content
    kind: str
    """As in `FileReference.kind`."""
    path: str
    """The path; for a user or group its name."""
    where: str
    what: str = ""
    """A few words for the report; empty: nothing that anybody has to know."""
    names: tuple[str, ...] = ()
    """Host names for a certificate."""
    detail: str = ""

    def record(self) -> StandIn:
        """Return the entry for the report."""
        return StandIn(kind=self.kind, name=self.path, where=self.where, what=self.what)
