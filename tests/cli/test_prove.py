"""`hitless prove`: its exit status, and what it says before anything is run."""

from pathlib import Path

import pytest

from hitless.errors import ExitCode
from hitless.prove.case import KernelEvidence
from hitless.records import ClientClass
from tests.cli.commands import hitless
from tests.prove.bundles import write_bundle
from tests.prove.runs import KEEPALIVE, Run


def bundle(run: Run, path: Path) -> str:
    return str(write_bundle(run, path / "bundle"))


def hurt_run() -> Run:
    run = Run()
    run.stale(KEEPALIVE, 6.2)
    return run


def test_exit_status_of_a_verdict(tmp_path: Path) -> None:
    clean = hitless("prove", "--replay", bundle(Run(), tmp_path))
    assert clean.status == ExitCode.CLEAN
    assert "  HITLESS" in clean.stdout


def test_exit_status_where_clients_were_hurt(tmp_path: Path) -> None:
    path = bundle(hurt_run(), tmp_path)
    assert hitless("prove", "--replay", path).status == ExitCode.FOUND
    assert hitless("prove", "--replay", path, "--class", ClientClass.RETRYING.value).status == ExitCode.CLEAN


def test_exit_status_where_evidence_is_missing(tmp_path: Path) -> None:
    run = Run()
    run.kernel = KernelEvidence(source="tracefs", lost_events=1)
    done = hitless("prove", "--replay", bundle(run, tmp_path), "--format", "json")
    assert done.status == ExitCode.UNKNOWN
    assert '"1 kernel event was lost"' in done.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "Which configuration?"),
        (("--reloads", "0", "h.cfg"), "--reloads"),
        (("--via", "kill", "h.cfg"), "--via"),
        (("--control", "soon", "h.cfg"), "'soon' is not a duration (examples: 500ms, 5s, 1m)"),
        (("--workload", "all", "h.cfg"), "--workload"),
        (("--no-such-option",), "--no-such-option"),
        (("--format", "html", "h.cfg"), "html"),
        (("--extraopts", "'", "h.cfg"), "cannot be split into words"),
        (("--url", "http://127.0.0.1/"), "--reload-command"),
        (("--replay", "b", "h.cfg"), "--replay"),
        (("--replay", "b", "--url", "http://127.0.0.1/"), "--replay"),
        (("/nowhere/h.cfg",), "/nowhere/h.cfg"),
    ],
)
def test_wrong_words_are_usage_errors_on_stderr(words: tuple[str, ...], told: str) -> None:
    done = hitless("prove", *words)
    assert done.status == ExitCode.USAGE, done
    assert done.stdout == ""
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_changed_configuration_that_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "h.cfg"
    file.write_text("frontend f\n    bind :80\n")
    done = hitless("prove", str(file), "--change", "/nowhere/new.cfg")
    assert done.status == ExitCode.USAGE
    assert "/nowhere/new.cfg" in done.stderr


def test_a_bundle_that_is_none(tmp_path: Path) -> None:
    done = hitless("prove", "--replay", str(tmp_path))
    assert done.status == ExitCode.UNKNOWN
    assert "no bundle" in done.stderr
