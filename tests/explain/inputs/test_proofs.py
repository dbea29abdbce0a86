import gzip
import json
from pathlib import Path

import pytest

from hitless.errors import EvidenceError
from hitless.explain.inputs.kinds import kind_of
from hitless.explain.inputs.proofs import read_proofs
from hitless.explanations import InputKind
from hitless.prove.keep import replay_bundle
from hitless.records import ClientClass
from hitless.report.json import render
from tests.prove.bundles import write_bundle
from tests.prove.runs import KEEPALIVE, Run

ORIGIN_NS = 1_795_000_000_500_000_000


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    run = Run()
    run.stale(KEEPALIVE, 6.2)
    return write_bundle(run, tmp_path / "bundle")


def test_a_bundle_and_its_document_are_the_same_proof(bundle: Path, tmp_path: Path) -> None:
    document = tmp_path / "proof.json"
    document.write_text(render(replay_bundle(bundle, ClientClass.NAIVE)))
    packed = tmp_path / "proof.json.gz"
    packed.write_bytes(gzip.compress(document.read_bytes()))
    for path in (bundle, document, packed):
        assert kind_of(str(path)) is InputKind.PROOF
        (proof,) = read_proofs([str(path)])
        assert (proof.origin_ns, proof.error_ns) == (ORIGIN_NS, 1_000_000)
        assert proof.result.judged.failed == 1


def test_what_cannot_be_read_is_said(bundle: Path, tmp_path: Path) -> None:
    text = render(replay_bundle(bundle, ClientClass.NAIVE))
    other = tmp_path / "other.json"
    for data, message in (
        (text[:500], "no document"),
        (text.replace('"schema": 1', '"schema": 2'), "schema 2"),
        (text.replace(f'"origin_realtime_ns": {ORIGIN_NS}', '"origin_realtime_ns": 0'), "when it was"),
        (json.dumps([1]), "no document"),
    ):
        other.write_text(data)
        with pytest.raises(EvidenceError, match=message):
            read_proofs([str(other)])
    (bundle / "verdict.json").write_text("{")
    with pytest.raises(EvidenceError, match="verdict"):
        read_proofs([str(bundle)])
