"""`hitless history` on receipts that are there, damaged, or not to be read."""

import json
import os
from pathlib import Path

import pytest

from hitless.cli.history import _OUTCOMES
from hitless.errors import ExitCode
from hitless.reload.receipts import append_receipt
from hitless.reloads import ReloadOutcome
from tests.cli.commands import hitless
from tests.reload.made_receipts import make_full

NAME = "receipts-2026-11.jsonl"


@pytest.fixture
def state(tmp_path: Path) -> str:
    for number, outcome in enumerate(ReloadOutcome):
        receipt = make_full(
            number, outcome=outcome, instance=f"haproxy@{number % 2}.service", id=f"id-{number}"
        )
        append_receipt(str(tmp_path / "receipts"), receipt)
    return str(tmp_path)


def shown(state: str, *words: str) -> list[str]:
    done = hitless("history", "--state-dir", state, "--format", "json", *words)
    assert done.status == ExitCode.CLEAN, done.stderr
    return [receipt["id"] for receipt in json.loads(done.stdout)["receipts"]]


def test_it_lists_the_newest_first(state: str) -> None:
    done = hitless("history", "--state-dir", state)
    assert done.status == ExitCode.CLEAN
    assert [line.split()[0] for line in done.stdout.splitlines()[1:16:2]] == [
        f"id-{n}" for n in range(7, -1, -1)
    ]
    assert f"8 receipts of {state}/receipts, the newest first" in " ".join(done.stdout.split())


def test_it_filters(state: str) -> None:
    assert shown(state, "--limit", "2") == ["id-7", "id-6"]
    assert shown(state, "--instance", "haproxy@0") == ["id-6", "id-4", "id-2", "id-0"]
    assert shown(state, "--outcome", "rolled-back", "--outcome", "degraded") == ["id-5", "id-1"]
    assert shown(state, "--user", "alice", "--pid", "4791") == ["id-1"]
    assert shown(state, "--reason", "PID 4793") == ["id-3"]
    assert shown(state, "--since", "2026-11-29T03:05:12Z") == ["id-7", "id-6", "id-5"]
    assert shown(state, "--until", "2026-11-29T04:01:12+01:00") == ["id-1", "id-0"]
    assert len(shown(state, "--since", "2026-11-29", "--until", "2026-11-29")) == 8
    assert shown(state, "--until", "2026-11-28") == []
    assert shown(state, "--user", "b\udcffb") == []


def test_it_shows_one_whole(state: str) -> None:
    for words in (("id-4",), ("--last", "--pid", "4794")):
        done = hitless("history", "--state-dir", state, *words)
        assert done.status == ExitCode.CLEAN
        assert done.stdout.startswith("  NOT TAKEN OVER   haproxy@0.service in 412 ms")
    assert "receipt    id-7" in hitless("history", "--state-dir", state, "--last").stdout
    document = json.loads(hitless("history", "--state-dir", state, "id-4", "--format", "json").stdout)
    assert (document["id"], document["clients"]["resets_to_clients"]) == ("id-4", 3)
    markdown = hitless("history", "--state-dir", state, "id-4", "--format", "markdown").stdout
    assert markdown.startswith("## ❌ NOT TAKEN OVER")
    assert hitless("history", "--state-dir", state, "--format", "markdown").stdout.startswith("### Reloads\n")


def test_an_id_may_be_cut_short_where_it_is_clear(state: str) -> None:
    append_receipt(f"{state}/receipts", make_full(id="other"))
    assert "receipt    other" in hitless("history", "--state-dir", state, "oth").stdout
    done = hitless("history", "--state-dir", state, "id")
    assert (done.status, done.stdout) == (ExitCode.USAGE, "")
    assert "Several receipts begin with id: id-7, id-6, id-5, id-4, id-3, …." in done.stderr
    append_receipt(f"{state}/receipts", make_full(id="oth"))
    assert "receipt    oth\n" in hitless("history", "--state-dir", state, "oth").stdout


@pytest.mark.parametrize(
    "words",
    [
        ("nothing",),
        ("--last", "--user", "nobody"),
        ("id-1", "--last"),
        ("--since", "yesterday"),
        ("--outcome", "good"),
        ("--limit", "0"),
        ("--pid", "x"),
    ],
)
def test_what_cannot_be_is_wrong_usage(state: str, words: tuple[str, ...]) -> None:
    done = hitless("history", "--state-dir", state, *words)
    assert (done.status, done.stdout) == (ExitCode.USAGE, "")
    assert "Traceback" not in done.stderr


def test_without_receipts_it_says_so(tmp_path: Path) -> None:
    done = hitless("history", "--state-dir", str(tmp_path))
    assert done.status == ExitCode.CLEAN
    assert f"No receipt in {tmp_path}/receipts" in done.stdout
    assert hitless("history", "--state-dir", str(tmp_path), "--last").status == ExitCode.USAGE


def test_what_cannot_be_read_is_no_answer(tmp_path: Path) -> None:
    (tmp_path / "receipts").write_bytes(b"")
    done = hitless("history", "--state-dir", str(tmp_path))
    assert (done.status, done.stdout) == (ExitCode.UNKNOWN, "")
    assert "cannot be read" in done.stderr


def test_a_damaged_line_is_never_passed_over_in_silence(state: str) -> None:
    with Path(state, "receipts", NAME).open("ab") as file:
        file.write(b'{"id": "id-8", "format": 1')
    listed = hitless("history", "--state-dir", state)
    assert listed.status == ExitCode.CLEAN
    assert f"unreadable  {NAME}, byte" in listed.stdout
    last = hitless("history", "--state-dir", state, "--last")
    assert "receipt    id-7" in last.stdout
    assert "1 lines are no receipt" in last.stderr
    lost = hitless("history", "--state-dir", state, "id-8")
    assert (lost.status, lost.stdout) == (ExitCode.UNKNOWN, "")
    assert NAME in lost.stderr


def test_hostile_words_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    done = hitless("history", "--state-dir", str(tmp_path), "\x1b]0;owned\x07")
    assert done.status == ExitCode.USAGE
    assert "\x1b" not in done.stderr


def test_others_are_told_where_roots_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert "--state-dir /var/lib/hitless" in hitless("history").stdout


def test_the_outcomes_are_those_of_receipts() -> None:
    assert tuple(ReloadOutcome) == _OUTCOMES
