import uuid

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.reload.journal_entry import MESSAGE_ID, encode_entry, journal_fields
from hitless.reloads import ReloadOutcome
from tests.reload.made_receipts import CLIENTS, make_full, make_receipt


def decode_entry(entry: bytes) -> dict[str, str]:
    """Read the protocol as journald does (src/journal/journald-native.c, systemd 252)."""
    fields: dict[str, str] = {}
    while entry:
        head, _, rest = entry.partition(b"\n")
        name, mark, value = head.partition(b"=")
        if not mark:
            size = int.from_bytes(rest[:8], "little")
            value, rest = rest[8 : 8 + size], rest[8 + size :]
            assert rest.startswith(b"\n")
            rest = rest[1:]
        fields[name.decode()] = value.decode()
        entry = rest
    return fields


def test_the_fields_of_a_reload() -> None:
    assert journal_fields(make_full()) == {
        "MESSAGE": "haproxy.service: reload taken-over: pid 4790 serves",
        "PRIORITY": "6",
        "SYSLOG_IDENTIFIER": "hitless",
        "MESSAGE_ID": MESSAGE_ID,
        "HITLESS_RECEIPT_ID": "r000000",
        "HITLESS_INSTANCE": "haproxy.service",
        "HITLESS_OUTCOME": "taken-over",
        "HITLESS_REASON": "pid 4790 serves",
        "HITLESS_MECHANISM": "master-cli",
        "HITLESS_DURATION_S": "0.412000",
        "HITLESS_NEW_PID": "4790",
        "HITLESS_OLD_PIDS": "4711",
        "HITLESS_RESETS": "3",
        "HITLESS_USER": "alice",
        "OBJECT_SYSTEMD_UNIT": "haproxy.service",
    }
    assert str(uuid.UUID(MESSAGE_ID).version) == "4"


def test_what_is_not_known_has_no_field() -> None:
    fields = journal_fields(make_receipt(instance="pid 12", new_pid=0, old_pids=(), mechanism=""))
    assert not fields.keys() & {
        "HITLESS_RESETS",
        "HITLESS_NEW_PID",
        "HITLESS_OLD_PIDS",
        "HITLESS_MECHANISM",
        "OBJECT_SYSTEMD_UNIT",
    }


@pytest.mark.parametrize("source", ["counters", "none"])
def test_resets_that_nobody_counted_are_not_zero(source: str) -> None:
    clients = msgspec.structs.replace(CLIENTS, source=source, resets_to_clients=0)
    assert "HITLESS_RESETS" not in journal_fields(make_receipt(clients=clients))
    counted = msgspec.structs.replace(CLIENTS, resets_to_clients=0)
    assert journal_fields(make_receipt(clients=counted))["HITLESS_RESETS"] == "0"


@pytest.mark.parametrize("outcome", ReloadOutcome)
def test_every_outcome_has_a_priority(outcome: ReloadOutcome) -> None:
    priority = journal_fields(make_receipt(outcome=outcome))["PRIORITY"]
    assert (priority == "6") == (outcome is ReloadOutcome.TAKEN_OVER)


def test_a_line_end_forges_no_field() -> None:
    entry = encode_entry({"MESSAGE": "one\nPRIORITY=0", "PRIORITY": "6"})
    assert decode_entry(entry) == {"MESSAGE": "one\nPRIORITY=0", "PRIORITY": "6"}


def test_what_a_terminal_would_obey_is_written_out() -> None:
    assert encode_entry({"MESSAGE": "\x1b[31m\udcff\t"}) == b"MESSAGE=\\x1b[31m\\xff\t\n"


@given(st.dictionaries(st.sampled_from(["MESSAGE", "HITLESS_REASON"]), st.text(max_size=9000)))
def test_any_text_is_encoded(fields: dict[str, str]) -> None:
    decoded = decode_entry(encode_entry(fields))
    assert decoded.keys() == fields.keys()
    for name, value in fields.items():
        assert len(decoded[name].encode()) <= 4096
        if value.isprintable() and len(value) < 1000:
            assert decoded[name] == value
