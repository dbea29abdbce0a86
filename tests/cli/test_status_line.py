import pytest

from hitless.cli.status_line import StatusLine


def test_where_nobody_watches_nothing_is_written(capfd: pytest.CaptureFixture[str]) -> None:
    with StatusLine("looking", enabled=False) as line:
        line.say("reloading")
    assert capfd.readouterr() == ("", "")


def test_no_escape_gets_through(capfd: pytest.CaptureFixture[str]) -> None:
    with StatusLine("looking", enabled=True) as line:
        line.say("a\x1b[31mb [bold]")
    out, error = capfd.readouterr()
    assert out == ""
    assert "\x1b[31mb" not in error
