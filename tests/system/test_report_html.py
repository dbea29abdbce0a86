"""The report in a real browser, without network."""

import html
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hitless.report.html import page, render_html
from hitless.report.html.frame import read_asset
from tests.report.synthetic import Run, make_hostile, make_run
from tests.system.conftest import require

pytestmark = pytest.mark.system

Browser = Callable[[Run], str]


@pytest.fixture
def dump_dom(tmp_path: Path) -> Browser:
    """Return a function that opens a report in Chromium and gives the document as it is after its script ran."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or ""
    require(bool(chromium), "Chromium is not installed")

    def dump(run: Run) -> str:
        file = tmp_path / "report.html"
        file.write_text(render_html(run.result, run.attempts, run.streams, run.events), encoding="utf-8")
        options = (
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-sync",
            "--no-first-run",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--dump-dom",
        )
        ended = subprocess.run(
            [chromium, *options, file.as_uri()], capture_output=True, timeout=90, check=True, encoding="utf-8"
        )
        return ended.stdout

    return dump


def title(dom: str) -> str:
    match = re.search(r"<title>(.*?)</title>", dom)
    assert match is not None
    return match[1]


def test_opens_offline_and_draws_its_plot(dump_dom: Browser) -> None:
    dom = dump_dom(make_run())
    assert title(dom) == "NOT HITLESS · hitless prove · 2026-11-22T14:32:01Z"
    assert re.search(r'<html[^>]* class="ready"', dom), "the page's own script did not run to its end"
    p50 = re.search(r'<path d="([^"]*)" class="p50">', dom)
    assert p50 is not None
    assert p50[1].count("L") > 400
    assert len(re.findall(r'class="at tick"', dom)) > 4


def test_hostile_text_does_not_execute(dump_dom: Browser) -> None:
    dom = dump_dom(make_hostile())
    assert re.search(r'<html[^>]* class="ready"', dom)
    assert title(dom).startswith("NOT HITLESS · hitless prove · &lt;/script&gt;")
    assert "owned" not in re.sub(r"&lt;|document\.title='owned'", "", title(dom))
    assert "<img" not in dom


def test_the_policy_stops_a_script_that_slipped_in(
    dump_dom: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without escaping at all, the hash in the policy still lets no other script run."""
    monkeypatch.setattr(html, "escape", lambda text, **_: text)
    dom = dump_dom(
        make_hostile("<script>document.title='owned'</script><img src=x onerror=document.title='owned'>")
    )
    assert "<img" in dom, "the text did not slip in: this test proves nothing"
    assert title(dom) != "owned"


_PRESS_AND_DRAG = """
  const lanes = document.getElementById("lanes");
  const views = [];
  const view = () => views.push(document.querySelector("#lanes .plot > svg").getAttribute("viewBox"));
  const press = (key) => lanes.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  const plot = document.querySelector("#lanes .plot").getBoundingClientRect();
  const mouse = (type, share) => lanes.dispatchEvent(new PointerEvent(type, {
    pointerId: 1, pointerType: "mouse", button: 0, bubbles: true, clientX: plot.left + share * plot.width }));
  view();
  press("2"); view();
  const words = document.getElementById("readout").textContent;
  press("0"); view();
  mouse("pointerdown", 0.25); mouse("pointermove", 0.4); mouse("pointerup", 0.5); view();
  press("-"); view();
  document.body.dataset.words = words;
  document.body.dataset.views = views.join("|");
"""


def test_keys_and_drag_zoom(dump_dom: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def asset_with_a_user(name: str) -> str:
        return read_asset(name) + (_PRESS_AND_DRAG if name == "report.js" else "")

    monkeypatch.setattr(page, "read_asset", asset_with_a_user)
    dom = dump_dom(make_run())
    seen = re.search(r'data-words="([^"]*)" data-views="([^"]*)"', dom)
    assert seen is not None
    assert seen[1].startswith("11.500 s  |  reload 2 + 0 ms, after: triggered  |  p50 ")
    whole, reload, again, dragged, wider = ([float(n) for n in view.split()] for view in seen[2].split("|"))
    assert whole == again
    length = whole[2]
    start, _, stretch, _ = reload
    assert start < 11_500 < start + stretch < 12_000
    assert dragged[::2] == pytest.approx([length / 4, length / 4], rel=0.01)
    assert wider[2] == pytest.approx(length / 2, rel=0.01)
