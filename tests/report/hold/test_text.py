import pytest

from hitless.report.hold.text import render
from tests.report.hold.synthetic import ALONE, CLOSED, ELSEWHERE, UNSEEN, held, instance, status


def test_everything_is_held() -> None:
    text = render(status(instance(held())), width=100)
    assert "holder 4 in /run/hitless/hold, for 1h1m" in text
    assert "web   HELD   1 socket; closed after 60 s without anybody" in text
    assert "0.0.0.0:80  4711   17           0 of 4096" in text


def test_nobody_accepts() -> None:
    text = render(status(instance(held(), ALONE, let_go=(CLOSED,))), width=100)
    assert "NOBODY ACCEPTS" in text
    assert "2 sockets, 1 of them without anybody" in text
    assert "[::]:443    4711   nobody       9 of 4096  12.5 s" in text
    assert "closed 0.0.0.0:81: process 18 serves without it" in text


def test_what_is_not_known() -> None:
    text = render(status(instance(ELSEWHERE, UNSEEN, problem="no right to look")), width=100)
    assert "NOT KNOWN" in text
    assert "/run/x.sock.1.tmp on eth0 in namespace blue" in text
    assert "0.0.0.0:53 (datagrams)" in text
    assert "problem no right to look" in text


def test_nothing() -> None:
    assert "It holds for nobody" in render(status())
    assert "NOTHING HELD" in render(status(instance()))


@pytest.mark.parametrize("width", [20, 60, 200])
def test_hostile_names_and_any_width(width: int) -> None:
    hostile = "\x1b[2Jx\n" * 5
    text = render(status(instance(held(hostile), name=hostile, problem=hostile)), width=width, colour=False)
    assert "\x1b" not in text
    assert text.count("HELD") == 1
