"""`hitless report`: a bundle drawn again, whole or damaged."""

from pathlib import Path

import pytest

from hitless.errors import ExitCode
from tests.cli.commands import hitless
from tests.prove.bundles import write_bundle
from tests.prove.runs import KEEPALIVE, Run


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    run = Run()
    run.stale(KEEPALIVE, 6.2)
    return write_bundle(run, tmp_path / "bundle")


def test_a_report_is_no_verdict(bundle: Path) -> None:
    done = hitless("report", str(bundle))
    assert done.status == 0
    assert "NOT HITLESS" in done.stdout
    assert "HL501" in done.stdout


def test_the_page_lies_beside_the_bundle(bundle: Path) -> None:
    done = hitless("report", f"{bundle}/", "--format", "html")
    assert done.status == 0
    assert done.stdout == f"{bundle}.html\n"
    assert Path(f"{bundle}.html").read_text().startswith("<!doctype html>")


def test_the_page_goes_where_it_is_wanted(bundle: Path, tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    assert hitless("report", str(bundle), "--format", "html", "-o", str(target)).stdout == f"{target}\n"
    page = target.read_text()
    assert hitless("report", str(bundle), "--format", "html", "-o", "-").stdout == page


@pytest.mark.parametrize("name", ["meta.json", "verdict.json"])
@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff\xfe", b'{"schema": 99}', b"[" * 100_000])
def test_a_damaged_bundle_is_refused(bundle: Path, name: str, content: bytes | None) -> None:
    (bundle / name).unlink()
    if content is not None:
        (bundle / name).write_bytes(content)
    done = hitless("report", str(bundle))
    assert (done.status, done.stdout) == (ExitCode.UNKNOWN, "")
    assert done.stderr.startswith("hitless: ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("output_format", ["text", "html"])
def test_what_is_no_bundle_is_refused(tmp_path: Path, output_format: str) -> None:
    done = hitless("report", str(tmp_path / "nothing"), "--format", output_format)
    assert done.status == ExitCode.UNKNOWN
    assert "is no bundle" in done.stderr


def test_a_page_of_a_bundle_without_attempts_is_refused(bundle: Path) -> None:
    (bundle / "attempts-0.bin").unlink()
    done = hitless("report", str(bundle), "--format", "html")
    assert done.status == ExitCode.UNKNOWN
    assert not Path(f"{bundle}.html").exists()
