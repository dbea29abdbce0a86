from pathlib import Path

from hitless.explanations import InputKind
from tests.explain.stories import CAPTURES, explain_bytes, reload_log, story


def test_each_input_is_named_with_what_it_held() -> None:
    found = story("3.2.log", "quiet.pcap")
    assert [(read.kind, read.items) for read in found.inputs] == [
        (InputKind.LOG, 173),
        (InputKind.CAPTURE, 345),
    ]
    assert all(read.size_bytes for read in found.inputs)


def test_a_capture_that_ends_in_a_packet_says_so(tmp_path: Path) -> None:
    cut = tmp_path / "cut.pcap"
    cut.write_bytes((CAPTURES / "accept-queue.pcap").read_bytes()[:5007])
    found = explain_bytes(tmp_path, reload_log(), captures=(str(cut),))
    assert "ends within a packet" in " ".join(found.inputs[1].notes)
