import msgspec
import pytest

from hitless.sandbox.entry import (
    EntryMessage,
    EntryReport,
    EntrySettings,
    TierKind,
    decode_message,
    decode_settings,
    encode,
)


def test_settings_come_back_as_they_were() -> None:
    settings = EntrySettings(
        tier=TierKind.USER,
        parent_pid=7,
        report_fd=4,
        keep_fds=(5, 9),
        sysctls={"net.ipv4.tcp_migrate_req": "1"},
    )
    assert decode_settings(encode(settings).decode()) == settings


def test_a_message_comes_back_as_it_was() -> None:
    message = EntryMessage(entered=EntryReport(tier=TierKind.ROOT, init_pid=12, limitations=("a",)))
    assert decode_message(encode(message)) == message


def test_a_foreign_line_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_message(b"Traceback (most recent call last):")
