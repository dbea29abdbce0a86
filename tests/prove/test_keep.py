"""A bundle judged again: the same verdict, and never a better one for what was lost or damaged since."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from hitless.errors import EvidenceError
from hitless.evidence.bundle import Bundle
from hitless.prove.keep import replay_bundle
from hitless.records import ClientClass
from hitless.verdict import Conclusion, ProofResult
from tests.prove.bundles import write_attempts, write_bundle
from tests.prove.runs import KEEPALIVE, Run


def hurt_run() -> Run:
    run = Run()
    run.stale(KEEPALIVE, 6.2)
    return run


def test_a_bundle_is_judged_as_its_run_was(tmp_path: Path) -> None:
    run = hurt_run()
    path = write_bundle(run, tmp_path / "b")
    result = replay_bundle(path, ClientClass.NAIVE)
    assert msgspec.structs.replace(result, started_at="", origin_realtime_ns=0) == run.judge()
    assert result.started_at == "2026-11-18T11:06:40+00:00"
    assert result.origin_realtime_ns == 1_795_000_000_500_000_000, (
        "the load began half a second after the run"
    )
    stored = Bundle.open(path).verdict(ProofResult)
    assert stored.verdict == result.verdict


def test_a_bundle_is_judged_for_the_class_asked_for(tmp_path: Path) -> None:
    path = write_bundle(hurt_run(), tmp_path / "b")
    assert not replay_bundle(path, ClientClass.NAIVE).verdict.passed
    assert replay_bundle(path, ClientClass.RETRYING).verdict.passed


def test_attempts_that_found_no_room_forbid_a_pass(tmp_path: Path) -> None:
    path = write_bundle(Run(), tmp_path / "b", lost=3)
    result = replay_bundle(path, ClientClass.NAIVE)
    assert result.conclusion is Conclusion.NO_VERDICT
    assert "3 attempts had no room and were lost" in result.verdict.reasons


def cut_short(path: Path) -> None:
    attempts = path / "attempts-0.bin"
    attempts.write_bytes(attempts.read_bytes()[:-4096])


def no_table(path: Path) -> None:
    (path / "attempts-0.bin").unlink()


def another_file(path: Path) -> None:
    (path / "attempts-0.bin").write_bytes(b"#!/bin/sh\n" * 1000)


def rows_of_another_run(path: Path) -> None:
    run = Run()
    run.rows[3]["stream"] = 77
    write_attempts(run, path / "attempts-0.bin")


def garbled_events(path: Path) -> None:
    with (path / "events.jsonl").open("ab") as file:
        file.write(b'{"t_ns": "soon"}\n')


def no_facts(path: Path) -> None:
    (path / "facts.json").write_text("{}")


def a_link_to_elsewhere(path: Path) -> None:
    (path / "facts.json").unlink()
    (path / "facts.json").symlink_to("/etc/passwd")


@pytest.mark.parametrize(
    "damage",
    [
        cut_short,
        no_table,
        another_file,
        rows_of_another_run,
        garbled_events,
        no_facts,
        a_link_to_elsewhere,
    ],
)
def test_a_damaged_bundle_is_refused(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    path = write_bundle(Run(), tmp_path / "b")
    damage(path)
    with pytest.raises(EvidenceError):
        replay_bundle(path, ClientClass.NAIVE)


def test_what_is_no_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="no bundle"):
        replay_bundle(tmp_path, ClientClass.NAIVE)
