import subprocess
import sys
from pathlib import Path

import pytest

from hitless.errors import EvidenceError
from hitless.evidence.counters import MEANINGS, NamespaceCounters, changes, parse_counters, read_counters
from hitless.evidence.model import CounterReading

TEXT = "TcpExt: SyncookiesSent ListenDrops\nTcpExt: 0 7\nTcp: MaxConn OutRsts\nTcp: -1 12\n"


def test_names_and_values_pair_up() -> None:
    assert parse_counters(TEXT) == {
        "TcpExt.SyncookiesSent": 0,
        "TcpExt.ListenDrops": 7,
        "Tcp.MaxConn": -1,
        "Tcp.OutRsts": 12,
    }


@pytest.mark.parametrize(
    "text",
    ["Tcp: A\n", "Tcp: A\nUdp: 1\n", "Tcp: A B\nTcp: 1\n", "Tcp: A\nTcp: x\n", "\n\n", "Tcp: A\nTcp: 1\n\n"],
)
def test_what_does_not_pair_up_is_refused(text: str) -> None:
    with pytest.raises(EvidenceError):
        parse_counters(text)


def test_this_kernel_has_the_counters_that_matter() -> None:
    values = read_counters()
    assert set(MEANINGS) <= set(values)


def test_a_process_that_is_gone_has_no_counters(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="no network counters"):
        read_counters(tmp_path)


def test_changes_are_what_moved() -> None:
    before = CounterReading(t_ns=1, label="before", values={"Tcp.OutRsts": 5, "Tcp.A": 1, "Tcp.Old": 3})
    after = CounterReading(t_ns=2, label="after", values={"Tcp.OutRsts": 9, "Tcp.A": 1, "Tcp.New": 3})
    assert changes(before, after) == {"Tcp.OutRsts": 4}


def test_they_can_be_read_after_their_process_has_ended() -> None:
    with (
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process,
        NamespaceCounters(Path(f"/proc/{process.pid}")) as counters,
    ):
        before = counters.read()
        process.communicate()
        assert set(counters.read()) == set(before) >= set(MEANINGS)
