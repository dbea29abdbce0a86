"""Results are written whole or not at all, coloured on terminals alone."""

import json
import os
import pty
from pathlib import Path

import pytest

from hitless.cli.output import write_result, write_text
from hitless.errors import ExitCode, HitlessError
from tests.cli.commands import hitless, spawn
from tests.prove.bundles import write_bundle
from tests.prove.runs import KEEPALIVE, Run


@pytest.fixture
def bundle(tmp_path: Path) -> str:
    run = Run()
    run.stale(KEEPALIVE, 6.2)
    return str(write_bundle(run, tmp_path / "bundle"))


@pytest.mark.parametrize(
    ("name", "begins"), [("text", "  NOT HITLESS"), ("json", "{"), ("junit", "<?xml"), ("markdown", "#")]
)
def test_formats(bundle: str, tmp_path: Path, name: str, begins: str) -> None:
    done = hitless("report", bundle, "--format", name)
    assert done.stdout.startswith(begins)
    assert "\x1b" not in done.stdout
    target = tmp_path / "out"
    assert hitless("report", bundle, "--format", name, "-o", str(target)).stdout == ""
    assert target.read_text() == done.stdout


def test_json_is_the_verdict_alone(bundle: str) -> None:
    assert json.loads(hitless("report", bundle, "--format", "json").stdout)["verdict"]["passed"] is False


def on_a_terminal(*words: str, **environment: str) -> str:
    ours, theirs = pty.openpty()
    process = spawn(*words, stdout=theirs, **environment)
    os.close(theirs)
    output = b""
    try:
        while part := os.read(ours, 65536):
            output += part
    except OSError:  # EIO: the other side of a terminal has gone
        pass
    finally:
        os.close(ours)
        process.communicate(timeout=60)
    return output.decode()


def test_colour_on_a_terminal_unless_unwanted(bundle: str) -> None:
    words = ("report", bundle)
    assert "\x1b[1;31mNOT HITLESS" in on_a_terminal(*words, TERM="xterm", NO_COLOR="")
    assert "\x1b" not in on_a_terminal(*words, TERM="xterm", NO_COLOR="1")
    assert "\x1b" not in on_a_terminal(*words, TERM="dumb", NO_COLOR="")


def test_a_file_that_cannot_be_written_is_no_verdict(bundle: str) -> None:
    done = hitless("report", bundle, "-o", "/nowhere/at/all.txt")
    assert done.status == ExitCode.UNKNOWN
    assert "/nowhere/at/all.txt cannot be written: No such file or directory" in done.stderr


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.write_text("before")
    write_text("after \udcff", str(target))
    assert target.read_text() == "after \\udcff"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_full_disk_below_standard_output() -> None:
    with Path("/dev/full").open("wb") as full:
        process = spawn("rules", stdout=full.fileno())
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == ExitCode.UNKNOWN
    assert b"standard output cannot be written: No space left on device" in stderr
    assert b"Traceback" not in stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_that_cannot_show_every_character(bundle: str, encoding: str) -> None:
    process = spawn("report", bundle, PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (0, b"")
    assert b"NOT HITLESS" in stdout


def test_write_result_names_the_bundle(capsys: pytest.CaptureFixture[str]) -> None:
    write_result(Run().judge(), "text", bundle="some-bundle")
    assert "hitless report some-bundle --format html" in capsys.readouterr().out


def test_errors_carry_the_reason(tmp_path: Path) -> None:
    with pytest.raises(HitlessError, match="Is a directory"):
        write_text("x", str(tmp_path))


def test_a_reader_that_has_gone_is_no_finding(bundle: str) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        process = spawn("report", bundle, "--format", "json", stdout=write_end)
    finally:
        os.close(write_end)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == ExitCode.UNKNOWN
    assert b"Traceback" not in stderr
