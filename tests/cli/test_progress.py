"""Progress is for those who watch."""

import pytest

from hitless.cli.progress import ShowProgress
from hitless.prove.protocol import Progress, Tick

MESSAGES = (
    Progress(stage="reload", step=2, steps=5, detail="[bold]x[/] \x1b[2J"),
    Tick(attempts=41210, failed=3),
    Progress(stage="unheard-of"),
)


def test_nothing_is_shown_where_nobody_watches(capfd: pytest.CaptureFixture[str]) -> None:
    with ShowProgress(enabled=False) as show:
        for message in MESSAGES:
            show(message)
    assert capfd.readouterr() == ("", "")


def test_what_is_shown_is_harmless(capfd: pytest.CaptureFixture[str]) -> None:
    with ShowProgress(enabled=True) as show:
        for message in MESSAGES:
            show(message)
        assert show._status is not None
        assert "41 210 attempts, 3 failed" in str(show._status.status)
    shown = capfd.readouterr()
    assert shown.out == ""
    assert "\x1b[2J" not in shown.err
