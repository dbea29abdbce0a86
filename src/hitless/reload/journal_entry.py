"""A receipt as an entry of systemd's journal: which fields, and how they are written.

Source: systemd's documentation, "Native Journal Protocol" (docs/JOURNAL_NATIVE_PROTOCOL.md); systemd.journal-fields(7).
"""

import re
from collections.abc import Mapping

from hitless.records import writable
from hitless.reloads import Receipt, ReloadOutcome

__all__ = ["MESSAGE_ID", "encode_entry", "journal_fields"]

MESSAGE_ID = "a5f669020b184d4099dbea0db3f1be8b"
"""What `journalctl MESSAGE_ID=` finds every receipt by. It never changes."""

_PRIORITIES = {
    ReloadOutcome.TAKEN_OVER: 6,
    ReloadOutcome.DEGRADED: 4,
    ReloadOutcome.REJECTED_BY_PREFLIGHT: 3,
    ReloadOutcome.REJECTED_BY_HAPROXY: 3,
    ReloadOutcome.ROLLED_BACK: 3,
    ReloadOutcome.INTERRUPTED: 4,
    ReloadOutcome.NOT_TAKEN_OVER: 2,
    ReloadOutcome.ROLLBACK_FAILED: 2,
}
"""syslog's: 2 critical, 3 error, 4 warning, 6 informational."""
_LONGEST_VALUE_BYTES = 4096
"""With some fifteen fields far below what one datagram may have (net.core.wmem_default: 212 992 bytes)."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""journalctl shows "[43B blob data]" in place of a text with one of them; line ends and tabs are allowed."""


def journal_fields(receipt: Receipt) -> dict[str, str]:
    """Return the fields of the entry; what is not known has none."""
    clients = receipt.clients.as_measured() if receipt.clients else None
    resets = clients.resets_to_clients if clients else None
    fields = {
        "MESSAGE": f"{receipt.instance}: reload {receipt.outcome}: {receipt.reason}",
        "PRIORITY": str(_PRIORITIES[receipt.outcome]),
        "SYSLOG_IDENTIFIER": "hitless",
        "MESSAGE_ID": MESSAGE_ID,
        "HITLESS_RECEIPT_ID": receipt.id,
        "HITLESS_INSTANCE": receipt.instance,
        "HITLESS_OUTCOME": receipt.outcome,
        "HITLESS_REASON": receipt.reason,
        "HITLESS_MECHANISM": receipt.mechanism,
        "HITLESS_DURATION_S": f"{receipt.duration_s:.6f}",
        "HITLESS_NEW_PID": str(receipt.new_pid or ""),
        "HITLESS_OLD_PIDS": " ".join(map(str, receipt.old_pids)),
        "HITLESS_RESETS": "" if resets is None else str(resets),
        "HITLESS_USER": receipt.requester.login_user or receipt.requester.user,
        # `journalctl -u haproxy` shows it among HAProxy's own lines, if root sent it.
        "OBJECT_SYSTEMD_UNIT": receipt.instance if receipt.instance.endswith(".service") else "",
    }
    return {name: value for name, value in fields.items() if value}


def encode_entry(fields: Mapping[str, str]) -> bytes:
    r"""Return the datagram: NAME=value lines; where a value has a line end, NAME, "\n", its length and itself."""
    entry = bytearray()
    for name, value in fields.items():
        text = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", writable(value))
        data = text.encode()[:_LONGEST_VALUE_BYTES].decode(errors="ignore").encode()
        if b"\n" in data:
            entry += name.encode() + b"\n" + len(data).to_bytes(8, "little") + data + b"\n"
        else:
            entry += name.encode() + b"=" + data + b"\n"
    return bytes(entry)
