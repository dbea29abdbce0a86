"""The view that is drawn again and again, with looks that were made up."""

import json
from dataclasses import replace

import pytest

from hitless.cli import drain_live
from hitless.cli.drain_words import Wish
from hitless.drains import DrainView
from hitless.errors import ControlError, ExitCode
from tests.report.drain.synthetic import OLD, SERVES, view

LOOK = Wish(
    watch=True,
    close=False,
    over_s=60,
    order="oldest",
    frontends=(),
    generations=(),
    current=False,
    wait=False,
    timeout_s=None,
    dry_run=False,
    output_format="text",
    quiet=False,
)


class Reader:
    """Finds one view after the other; then Ctrl-C."""

    def __init__(self, *views: DrainView) -> None:
        self.views = list(views)

    def look(self) -> tuple[DrainView, tuple[()]]:
        if not self.views:
            raise KeyboardInterrupt
        return self.views.pop(0), ()


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain_live, "_EVERY_S", 0.0)


def wish(*, wait: bool = False, output_format: str = "text") -> Wish:
    return replace(LOOK, wait=wait, output_format=output_format)


def watch(asked: Wish, *views: DrainView) -> ExitCode:
    return drain_live.watch(Reader(*views), asked)  # type: ignore[arg-type]


def test_in_a_pipe_each_change_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert watch(wish(), view(SERVES, OLD), view(SERVES, OLD), view(SERVES)) is ExitCode.INTERRUPTED
    assert capsys.readouterr().out.splitlines() == [
        "2026-11-29T02:47:16Z 1 old generation · 998 sessions, 1 000 connections · (20: 998 sessions) · 30 serves",
        "2026-11-29T02:47:16Z no old generation · 30 serves",
    ]


def test_or_a_document(capsys: pytest.CaptureFixture[str]) -> None:
    watch(wish(output_format="json"), view(SERVES, OLD), view(SERVES))
    lines = capsys.readouterr().out.splitlines()
    assert [len(json.loads(line)["view"]["generations"]) for line in lines] == [2, 1]


def test_it_ends_when_no_old_generation_is_left_if_that_is_waited_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert watch(wish(wait=True), view(SERVES, OLD), view(SERVES)) is ExitCode.CLEAN
    assert capsys.readouterr().out.count("\n") == 2


def test_an_instance_that_has_ended_ends_it() -> None:
    with pytest.raises(ControlError, match="has ended"):
        watch(wish(), view(SERVES), view())


def test_on_a_terminal_it_is_drawn_and_the_last_view_stays(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert watch(wish(), view(SERVES, OLD), view(SERVES)) is ExitCode.INTERRUPTED
    shown = capsys.readouterr().out
    assert "1 OLD GENERATION" in shown
    assert "Ctrl-C ends" in shown
    assert "NO OLD GENERATION" in shown[shown.rindex("\x1b[?1049l") :]
