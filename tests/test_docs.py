"""What the pages promise is there: links, commands, options."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from click import Choice, Command

from hitless.cli.audit import command as audit
from hitless.cli.drain import command as drain
from hitless.cli.fix import command as fix
from hitless.cli.history import command as history
from hitless.cli.lab import run_command as lab_run
from hitless.cli.migrate import command as migrate
from hitless.cli.prove import command as prove
from hitless.cli.ready import command as ready
from hitless.cli.reload import command as reload

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_readme_begins_with_its_two_commands() -> None:
    first, second = re.findall(r"^(scripts/\S+)", (ROOT / "README.md").read_text(), re.MULTILINE)[:2]
    for script in (first, second):
        assert (ROOT / script).stat().st_mode & 0o111, script


def test_the_options_that_the_readme_names_exist() -> None:
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", (ROOT / "README.md").read_text()))
    known = {
        option
        for command in (prove, audit, fix, reload, ready, drain, history, lab_run, migrate)
        for p in command.params
        for option in p.opts
    }
    assert named - known == set()


def test_the_readme_says_every_way_to_reload() -> None:
    assert isinstance(prove, Command)
    (via,) = (p.type for p in prove.params if p.name == "via")
    assert isinstance(via, Choice)
    readme = (ROOT / "README.md").read_text()
    assert [
        choice for choice in via.choices if f"`{choice}`" not in readme.replace("`--via auto`", "`auto`")
    ] == []


def test_the_readme_shows_what_an_audit_really_says() -> None:
    shown = re.search(
        r"<!-- output: begin \(of `(hitless audit[^`]*)`\) -->\n```\n(.*?)```\n",
        (ROOT / "README.md").read_text(),
        re.DOTALL,
    )
    assert shown is not None
    words = [sys.executable, "-m", *shown[1].split()]
    said = subprocess.run(words, cwd=ROOT, check=False, capture_output=True, text=True).stdout
    assert shown[2].strip() == said.strip()
