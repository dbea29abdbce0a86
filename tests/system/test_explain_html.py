"""The page of an explanation in a real browser, without network: nothing in it runs."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hitless.report.explain import html
from tests.report.explain.sample import HOSTILE, explanation
from tests.system.conftest import require

pytestmark = pytest.mark.system

_OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"),
    *("--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND"),
)
Browser = Callable[..., str]


@pytest.fixture
def browse(tmp_path: Path) -> Browser:
    """Return a function that opens a page in Chromium and gives what Chromium prints."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or ""
    require(bool(chromium), "Chromium is not installed")

    def run(page: str, *options: str) -> str:
        file = tmp_path / "explanation.html"
        file.write_text(page, encoding="utf-8")
        words = [chromium, *_OPTIONS, f"--user-data-dir={tmp_path / 'profile'}", *options, file.as_uri()]
        return subprocess.run(words, capture_output=True, timeout=90, check=True, encoding="utf-8").stdout

    return run


def test_hostile_text_does_not_run(browse: Browser) -> None:
    dom = browse(html.render(explanation(HOSTILE)), "--dump-dom")
    title = re.search(r"<title>(.*?)</title>", dom)
    assert title is not None
    assert title[1].startswith("HARM FOUND · hitless explain · 2026-11-22 14:31:00")
    assert dom.count("<script") == 0
    assert dom.count('class="area old"') == 2


def test_the_policy_stops_a_script_that_slipped_in(browse: Browser) -> None:
    slipped = "<script>document.title='owned'</script><img src=x onerror=document.title='owned'>"
    dom = browse(html.render(explanation()).replace("<main>", f"<main>{slipped}"), "--dump-dom")
    assert "<img" in dom, "the text did not slip in: this test proves nothing"
    assert "<title>owned" not in dom
