"""`hitless audit` as a user runs it, on files."""

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from hitless.audit import table
from hitless.audit.table import load_rule
from hitless.errors import ExitCode
from hitless.findings import Finding
from tests.cli.commands import Done, hitless

BARE = """\
global
    expose-fd listeners
defaults
    mode http
    option idle-close-on-response
    timeout client 10s
    timeout server 10s
    timeout connect 5s
frontend www
    bind 127.0.0.1:8080
"""
CODE = "HL109"


@pytest.fixture(autouse=True)
def _in_an_empty_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "bad.cfg").write_text(BARE)
    monkeypatch.chdir(tmp_path)


def audit(*words: str, name: str = "bad.cfg", select: str = CODE) -> Done:
    return hitless("audit", name, "--haproxy-version", "2.8", "--select", select, *words)


def test_a_finding_is_shown_and_the_status_says_so() -> None:
    done = audit()
    assert done.status == ExitCode.FOUND
    assert "bad.cfg:2:5: " in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("output_format", ["json", "sarif", "junit", "markdown"])
def test_each_format_is_written_to_a_file(output_format: str) -> None:
    done = audit("--format", output_format, "-o", "out")
    assert (done.status, done.stdout) == (ExitCode.FOUND, "")
    text = Path("out").read_text()
    assert CODE in text
    if output_format in {"json", "sarif"}:
        json.loads(text)
    elif output_format == "junit":
        ET.fromstring(text)


def test_code_scanning_gets_a_relative_address() -> None:
    assert '"uri": "bad.cfg"' in audit("--format", "sarif").stdout


def test_nothing_found_is_clean_and_quiet_says_nothing() -> None:
    Path("good.cfg").write_text(BARE.replace("    expose-fd listeners\n", ""))
    done = audit(name="good.cfg")
    assert done.status == ExitCode.CLEAN
    assert "NOTHING FOUND" in done.stdout
    assert audit("--quiet", name="good.cfg").stdout == ""


def test_ignored_rules_do_not_apply() -> None:
    assert audit("--ignore", f" {CODE},", select="HL501,HL109").status == ExitCode.CLEAN


def test_nothing_left_to_apply_is_wrong_usage() -> None:
    assert audit("--ignore", CODE).status == ExitCode.USAGE


def test_an_unknown_rule_is_wrong_usage_with_a_suggestion() -> None:
    done = audit("--ignore", "misplaced-expose-f")
    assert done.status == ExitCode.USAGE
    assert "Did you mean misplaced-expose-fd?" in done.stderr


def test_the_project_file_decides_and_the_command_line_goes_before_it() -> None:
    Path(".hitless.toml").write_text(f'[audit]\nthreshold = "error"\n[audit.severity]\n{CODE} = "warning"\n')
    assert audit().status == ExitCode.CLEAN
    assert audit("--threshold", "warning").status == ExitCode.FOUND


def test_an_entry_of_the_project_file_accepts() -> None:
    Path("p.toml").write_text(f'[[audit.suppress]]\ncode = "{CODE}"\nreason = "we know"\npath = "*.cfg"\n')
    done = audit("--project", "p.toml")
    assert done.status == ExitCode.CLEAN
    assert "we know [p.toml, [[audit.suppress]] number 1]" in " ".join(done.stdout.split())


def test_a_comment_accepts() -> None:
    Path("bad.cfg").write_text(BARE.replace("listeners", f"listeners # hitless: ignore={CODE} we know"))
    done = audit()
    assert done.status == ExitCode.CLEAN
    assert "suppressed" in done.stdout


def test_a_broken_rule_is_no_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> list[Finding]:
        raise KeyError("x")

    monkeypatch.setattr(table, "load_rule", lambda code: replace(load_rule(code), check=broken))
    done = audit()
    assert done.status == ExitCode.UNKNOWN
    assert "HL000 internal-error" in done.stdout


def test_a_missing_file_is_wrong_usage() -> None:
    assert audit(name="none.cfg").status == ExitCode.USAGE


def test_a_hostile_name_cannot_write_to_the_terminal() -> None:
    name = "a\x1b]0;owned\x07.cfg"
    Path(name).write_text(BARE)
    done = audit(name=name)
    assert "\x1b" not in done.stdout + done.stderr
    assert "\\x1b]0;owned" in done.stdout
