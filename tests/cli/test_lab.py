"""`hitless lab`: what it refuses, what it lists, and a report drawn again. Real runs: tests/system/test_lab.py."""

import json
from pathlib import Path

import pytest

from hitless.errors import ExitCode
from hitless.labs import LabReport, Status
from hitless.report.lab.json import render
from tests.cli.commands import hitless
from tests.lab.made import make_report, make_result


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run",), "Which scenarios?"),
        (("run", "HL501", "--all"), "Which scenarios?"),
        (("run", "HL999"), "no scenario 'HL999'"),
        (("run", "HL501", "--haproxy", "9.9"), "no HAProxy 9.9"),
        (("run", "nothing.toml"), "cannot be read"),
        (("run", "HL501", "--bundles", "/nowhere/at/all"), "cannot be made"),
        (("list", "HL999"), "no scenario"),
        (("show", "nothing.json"), "cannot be read"),
    ],
)
def test_what_cannot_be_is_said_with_what_to_do(words: tuple[str, ...], said: str) -> None:
    done = hitless("lab", *words)
    assert done.status == ExitCode.USAGE
    assert said in done.stderr


def test_the_list_comes_in_three_formats() -> None:
    assert "HL501-idle-close-under-clients" in hitless("lab", "list").stdout
    assert (
        "| `HL501-idle-close-under-clients`" in hitless("lab", "list", "HL5", "--format", "markdown").stdout
    )
    listed = json.loads(hitless("lab", "list", "HL501", "--format", "json").stdout)
    assert "HL501" in {one["code"] for one in listed}


@pytest.mark.parametrize(
    ("report", "status"),
    [
        (make_report(absent=()), ExitCode.CLEAN),
        (make_report(), ExitCode.UNKNOWN),
        (make_report(make_result(Status.RED)), ExitCode.FOUND),
        (make_report(make_result(Status.UNKNOWN), absent=()), ExitCode.UNKNOWN),
    ],
)
def test_a_report_is_drawn_again_with_its_status(tmp_path: Path, report: LabReport, status: ExitCode) -> None:
    file = tmp_path / "lab.json"
    file.write_text(render(report))
    for output_format in ("text", "json", "markdown", "matrix"):
        done = hitless("lab", "show", str(file), "--format", output_format)
        assert done.status == status
        assert "HL501" in done.stdout
    target = tmp_path / "matrix.md"
    assert hitless("lab", "show", str(file), "--format", "matrix", "-o", str(target)).status == status
    assert target.read_text().startswith("# The matrix")


def test_what_is_no_report_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text("{}")
    assert "no report of the lab" in hitless("lab", "show", str(file)).stderr
