import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from hitless.errors import EvidenceError
from hitless.explain.inputs.kinds import kind_of
from hitless.explain.sources.standard_input import standard_input
from hitless.explanations import InputKind
from hitless.reload.receipts import append_receipt
from tests.explain.standard_inputs import stdin_with
from tests.explain.stories import CAPTURES, LOGS
from tests.reload.made_receipts import make_full


def test_a_file_is_what_it_holds(tmp_path: Path) -> None:
    assert kind_of(str(LOGS / "3.2.log")) is InputKind.LOG
    assert kind_of("/dev/null") is InputKind.LOG
    for name in ("quiet.pcap", "failed-bind.pcapng"):
        assert kind_of(str(CAPTURES / name)) is InputKind.CAPTURE
    packed = tmp_path / "x"
    packed.write_bytes(gzip.compress((CAPTURES / "quiet.pcap").read_bytes()))
    assert kind_of(str(packed)) is InputKind.CAPTURE
    packed.write_bytes(gzip.compress(b"Nov 29")[:9])
    assert kind_of(str(packed)) is InputKind.LOG
    path = append_receipt(str(tmp_path / "receipts"), make_full(0))
    assert kind_of(path) is InputKind.RECEIPTS
    assert kind_of(str(tmp_path / "receipts")) is InputKind.RECEIPTS


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (LOGS / "3.2.log", InputKind.LOG),
        (LOGS / "3.2.errors", InputKind.ERRORS),
        (CAPTURES / "quiet.pcap", InputKind.CAPTURE),
        (Path("/dev/null"), InputKind.LOG),
    ],
)
def test_so_is_standard_input(
    path: Path, kind: InputKind, pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    data = pack(path.read_bytes())
    with stdin_with(data, tmp_path):
        assert kind_of("-") is kind
        assert standard_input().read() == data


def test_directories(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="without receipts, a journal"):
        kind_of(str(tmp_path))
    (tmp_path / "system.journal").touch()
    assert kind_of(str(tmp_path)) is InputKind.JOURNAL


def test_what_is_not_there() -> None:
    with pytest.raises(EvidenceError, match="No such file"):
        kind_of("/nowhere/at/all")
    with pytest.raises(EvidenceError, match="null byte"):
        kind_of("a\0b")
