"""The attempt under way: what its row will say, filled in as it goes. One object serves all attempts of a client."""

from hitless.attempts import FLAG_RESPONSE_BEGUN, FLAG_RETRY, NO_ATTEMPT, OUTCOME_CODES
from hitless.load.connection import Connection
from hitless.load.table import AttemptTable
from hitless.records import Outcome

__all__ = ["Attempt"]

MAX_RECEIVED_BYTES = 0xFFFF_FFFF


class Attempt:
    """Units: times in nanoseconds; `flags` are those of `hitless.attempts`."""

    __slots__ = (
        "first_byte_ns",
        "flags",
        "intended_ns",
        "is_active",
        "received_bytes",
        "retry_of",
        "start_ns",
        "status",
        "stream_number",
        "table",
    )

    def __init__(self, table: AttemptTable, stream_number: int) -> None:
        self.table = table
        self.stream_number = stream_number
        self.is_active = False
        self.intended_ns = 0
        self.start_ns = 0
        self.first_byte_ns = 0
        self.flags = 0
        self.status = 0
        self.received_bytes = 0
        self.retry_of = NO_ATTEMPT

    def begin_row(self, intended_ns: int, now: int, flags: int, retry_of: int = NO_ATTEMPT) -> None:
        """Start anew; `retry_of` is the row whose request is sent again."""
        self.is_active = True
        self.intended_ns = intended_ns
        self.start_ns = now
        self.first_byte_ns = 0
        self.status = 0
        self.received_bytes = 0
        self.retry_of = retry_of
        self.flags = flags if retry_of == NO_ATTEMPT else flags | FLAG_RETRY

    def note_bytes(self, size_bytes: int, now: int) -> None:
        """Count bytes of the answer."""
        if not self.first_byte_ns:
            self.first_byte_ns = now
            self.flags |= FLAG_RESPONSE_BEGUN
        self.received_bytes += size_bytes

    def record(
        self, outcome: Outcome, errno: int, now: int, connection: Connection, request_number: int
    ) -> int:
        """Write the row and return its index."""
        self.is_active = False
        return self.table.add(
            self.stream_number,
            OUTCOME_CODES[outcome],
            self.flags,
            self.status,
            connection.local_port,
            errno,
            connection.number,
            request_number,
            self.intended_ns,
            self.start_ns,
            connection.connected_ns,
            self.first_byte_ns,
            now,
            connection.opened_ns,
            self.retry_of,
            min(self.received_bytes, MAX_RECEIVED_BYTES),
        )
