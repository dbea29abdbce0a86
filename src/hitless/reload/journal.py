"""Tell systemd's journal of a reload. It never holds a reload up: an entry that cannot be sent at once is not sent."""

import socket

from hitless.reload.journal_entry import encode_entry, journal_fields
from hitless.reloads import Receipt

__all__ = ["JOURNAL_SOCKET", "send_receipt"]

JOURNAL_SOCKET = "/run/systemd/journal/socket"


def send_receipt(receipt: Receipt, *, address: str = JOURNAL_SOCKET) -> bool:
    """Send the entry; return False where it was not taken (no journal here, or one that does not keep up)."""
    entry = encode_entry(journal_fields(receipt))
    with socket.socket(
        socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
    ) as sender:
        try:
            return sender.sendto(entry, address) == len(entry)
        except OSError:
            return False
