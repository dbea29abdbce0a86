import pytest
from msgspec.structs import replace

from hitless.drains import CloseResult
from hitless.report.drain.wording import (
    close_command,
    describe_group,
    describe_plan,
    describe_result,
    describe_session,
    headline,
    holds,
    life,
    one_line,
    rate,
    serving,
    summary,
)
from tests.report.drain.synthetic import CLASSIC, OLD, PLAN, RESULT, SERVES, SESSION, view


def test_the_headline_counts_what_is_old() -> None:
    assert headline(view(SERVES)) == ("NO OLD GENERATION", "")
    assert headline(view(SERVES, OLD)) == ("1 OLD GENERATION", "998 sessions, 1 000 connections")
    assert headline(view(SERVES, OLD, CLASSIC)) == ("2 OLD GENERATIONS", "998 sessions, 1 004 connections")
    assert headline(view(SERVES, replace(OLD, number=None)))[0] == "NO OLD GENERATION"


def test_a_line_for_a_log_says_what_changes() -> None:
    assert summary(view(SERVES, OLD, CLASSIC)) == (
        "2 old generations · 998 sessions, 1 004 connections · (20: 998 sessions, 10: ? sessions) · 30 serves"
    )
    assert summary(view(SERVES)) == "no old generation · 30 serves"
    many = [replace(OLD, pid=100 + n, sessions=1) for n in range(25)]
    assert "100: 1 session, " in summary(view(*many))
    assert "and 5 more" in summary(view(*many))


def test_who_serves() -> None:
    assert serving(view(SERVES, OLD)) == "process 30 serves since 2h, 12 connections"
    young = replace(SERVES, pid=31, number=None, current=False, age_s=4)
    assert serving(view(SERVES, young)).endswith(" · process 31 initialises since 4s")
    assert serving(view(OLD)) == "no process serves"


def test_how_old_a_generation_is() -> None:
    assert life(OLD) == "replaced 2h ago · 1d1h old · haproxy 2.6.12 · 3 reloads since"
    assert life(CLASSIC) == "replaced at least 1d1h ago · 1d3h old"


def test_what_a_generation_holds() -> None:
    assert holds(OLD) == (
        "998 sessions · 1 000 client connections · 1 998 of 18 042 descriptors · 25 MiB · 2 % of a processor"
    )
    assert holds(CLASSIC) == "7 TCP connections · 0 MiB"


def test_a_group_of_sessions() -> None:
    assert describe_group(OLD.groups[0]) == (
        "980",
        "WebSocket of www/app, 1m to 3h12m old, silent for 2s to 12m, 3 without any timeout",
    )
    assert describe_group(OLD.groups[1]) == ("18", "awaiting the response of www")


def test_one_session() -> None:
    assert describe_session(SESSION) == (
        "tunnel of 198.51.100.7:5000 through www/one, 3h12m old, silent for 12m"
    )
    bare = replace(SESSION, server="", backend="", age_s=None, idle_s=None)
    assert describe_session(bare) == "tunnel of 198.51.100.7:5000 through www"


def test_a_generation_in_one_line() -> None:
    assert one_line(OLD).endswith("980 WebSocket sessions of frontend www: no `timeout tunnel`")
    assert one_line(replace(OLD, why=())) == f"{life(OLD)} · {holds(OLD)}"


def test_what_closes_it() -> None:
    assert close_command(view(SERVES, OLD), OLD) == "hitless drain --close --over 5m"
    assert close_command(view(SERVES, OLD, CLASSIC), OLD).endswith("--generation 20")
    for generation in (CLASSIC, replace(OLD, sessions=0), replace(OLD, current=True)):
        assert close_command(view(generation), generation) == ""


def test_a_rate() -> None:
    assert rate(1000, 60) == "one every 60 ms"
    assert rate(1000, 0) == rate(0, 60) == "as fast as HAProxy closes them"


def test_a_plan() -> None:
    assert list(describe_plan(PLAN)) == [
        ("plan", "closes 998 sessions over 300 s, one every 301 ms, the oldest first"),
        ("of", "998 of process 20"),
        ("through", "990 www, 8 db"),
        (
            "+150 ms",
            "tunnel of 198.51.100.7:5000 through www/one, 3h12m old, silent for 12m (process 20)",
        ),
        ("+300 s", "the last one"),
    ]
    assert list(describe_plan(replace(PLAN, sessions=0))) == [("plan", "there is no session to close")]
    assert "at once" in next(iter(describe_plan(replace(PLAN, over_s=0.0))))[1]


def test_a_result() -> None:
    assert list(describe_result(RESULT)) == [
        ("closed", "990 of 998 sessions closed in 60.1 s"),
        ("", "8 had ended before, 1 appeared meanwhile, 2 could not be closed, 3 left as they are"),
        ("rate", "16 to 17 in 1 s, 2 ms late (median), 50 ms at worst"),
        ("ended", "process 20"),
        ("problem", "process 20 is odd"),
    ]


@pytest.mark.parametrize("closed", [0, 1])
def test_few_have_no_rate(closed: int) -> None:
    few = CloseResult(sessions=1, over_s=60, order="oldest", closed=closed, interrupted=True)
    assert [label for label, _ in describe_result(few)] == ["stopped"]
