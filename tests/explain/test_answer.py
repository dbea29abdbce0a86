"""From files to the answer: real logs, custom formats, hostile and damaged ones."""

import gzip
import random
from pathlib import Path

import pytest

from hitless.errors import EvidenceError
from hitless.explain.answer import explain
from hitless.explain.inputs.chosen import Chosen
from hitless.explanations import Judgement
from hitless.logged import ChangeKind, SkipReason
from tests.explain.stories import LOGS, event, explain_bytes, reload_log, story

K = ChangeKind


@pytest.mark.parametrize("version", ["2.2", "2.6", "2.8", "3.0", "3.2"])
def test_what_real_haproxies_went_through_is_explained(version: str) -> None:
    found = story(f"{version}.log", f"{version}.stderr")
    assert found.judgement is Judgement.HARMFUL
    causes = {e.change.kind: [cause.code for cause in e.causes] for e in found.events}
    assert causes[K.HARD_STOP] == ["HL201"]
    assert causes[K.RESTART] == ["HL101"]
    failed = [e.causes[0].code for e in found.events if e.change.kind is K.FAILED_RELOAD]
    assert failed == ["HL102", "HL401"]
    assert {e.judgement for e in found.events if e.change.kind is K.RELOAD} == {Judgement.HARMLESS}
    assert found.clocks[0].error_ns < 50_000_000


def test_a_capture_alone_says_what_it_looks_like() -> None:
    found = story("idle-close.pcap")
    assert [(cause.code, cause.victims) for cause in found.causes_elsewhere] == [("HL501", 16)]
    assert found.judgement is Judgement.HARMFUL
    assert story("quiet.pcap").judgement is Judgement.HARMLESS


def test_nothing_to_look_at() -> None:
    with pytest.raises(EvidenceError, match="nothing to look at"):
        explain(Chosen())


@pytest.mark.parametrize("seed", range(12))
def test_damaged_logs_are_explained_as_far_as_they_go(seed: int, tmp_path: Path) -> None:
    chance, data = random.Random(seed), bytearray((LOGS / "2.8.log").read_bytes())
    for _ in range(chance.choice((5, 500))):
        at = chance.randrange(len(data))
        match chance.randrange(4):
            case 0:
                del data[at : at + chance.randrange(300)]
            case 1:
                data[at:at] = chance.randbytes(60)
            case 2:
                data[at:at] = chance.choice((b"\0" * 100, b"\x1b[2J", b"9" * 400, b'"', b"\n"))
            case _:
                data[at] = chance.randrange(256)
    explain_bytes(tmp_path, bytes(data))


def test_out_of_order_truncated_and_over_new_year(tmp_path: Path) -> None:
    data = (LOGS / "2.8.log").read_bytes()
    lines = data.splitlines(keepends=True)
    random.Random(1).shuffle(lines)
    assert explain_bytes(tmp_path, b"".join(lines)).events
    cut = explain_bytes(tmp_path, gzip.compress(data)[:2000])
    assert SkipReason.BROKEN_COMPRESSION in {skipped.reason for skipped in cut.skipped}
    year = data.replace(b"Nov 29", b"Dec 31").replace(b"29/Nov/2026", b"31/Dec/2026")
    year += data.replace(b"Nov 29", b"Jan  1").replace(b"29/Nov/2026", b"01/Jan/2027")
    found = explain_bytes(tmp_path, year)
    assert found.last_ns - found.first_ns < 2 * 86_400 * 10**9


def test_one_line_without_end_is_bounded_and_said(tmp_path: Path) -> None:
    found = explain_bytes(tmp_path, reload_log() + b"A" * 1_000_000)
    assert SkipReason.TOO_LONG in {skipped.reason for skipped in found.skipped}
    assert event(found, K.RELOAD).judgement is Judgement.HARMLESS
