"""What arrives at a journal's socket; tests/system/test_reload_journal.py asks a real journald."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from hitless.reload.journal import send_receipt
from hitless.reload.journal_entry import encode_entry, journal_fields
from tests.reload.made_receipts import make_full, make_receipt


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as receiver:
        receiver.bind(str(tmp_path / "socket"))
        yield receiver


def test_the_entry_arrives_in_one_piece(journal: socket.socket) -> None:
    assert send_receipt(make_full(), address=journal.getsockname())
    assert journal.recv(65536) == encode_entry(journal_fields(make_full()))


def test_the_biggest_entry_fits_into_a_datagram(journal: socket.socket) -> None:
    huge = "x" * 1_000_000
    receipt = make_receipt(reason=huge, instance=huge, id=huge, mechanism=huge, old_pids=tuple(range(99_999)))
    assert send_receipt(receipt, address=journal.getsockname())
    assert len(journal.recv(1 << 20)) < 65536


def test_without_a_journal_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert not send_receipt(make_receipt(), address=str(tmp_path / "nowhere"))
    assert not send_receipt(make_receipt(), address=str(tmp_path / "file"))


def test_a_journal_that_nobody_reads_does_not_hold_it_up(journal: socket.socket) -> None:
    # The queue of a datagram socket (net.unix.max_dgram_qlen) is full long before; a send that blocked would hang here.
    sent = [send_receipt(make_receipt(), address=journal.getsockname()) for _ in range(5000)]
    assert sent[0]
    assert not sent[-1]
