"""`--dry-run`: whether it may, how, and who is at risk."""

import pytest

from hitless.reloads import DrainForecast
from hitless.report.plain import cells
from hitless.report.reload.plan import render
from tests.reload.made_receipts import CHECKS, HOSTILE, make_hostile, make_plan


def test_a_plan_that_is_stopped_says_by_what() -> None:
    text = " ".join(render(make_plan()).split())
    for part in (
        "WOULD NOT RELOAD haproxy.service haproxy 2.8.25 · master-worker · through the master CLI",
        "stopped by binds override --force binds",
        "FAILED (stops it) binds: 0.0.0.0:80 is held by nginx (pid 77)",
        "steps 1 take the lock 2 reload through the master CLI 3 prove the takeover",
        "config /etc/haproxy/haproxy.cfg 1a1a1a1a1a1a -> 2b2b2b2b2b2b",
        "0.0.0.0:80 opened anew",
        "at risk pid 4711: 12 connections, 3 sessions, the oldest for 7200 s; the hard stop cuts",
        "note 3 servers were added at run time and would be lost",
        "now nothing was touched",
    ):
        assert part in text


def test_a_plan_that_may_go_ahead() -> None:
    text = render(make_plan(checks=CHECKS[:2], drain=(DrainForecast(pid=1, connections=0, sessions=0),)))
    assert text.startswith("  WOULD RELOAD   haproxy.service\n")
    assert "stopped" not in text
    assert "--force" not in text.replace("overridden by --force: load-time", "")
    assert "no hard-stop-after" in " ".join(text.split())


@pytest.mark.parametrize("width", [40, 80])
def test_a_hostile_plan_stays_in_its_lines(width: int) -> None:
    hostile = make_hostile()
    plan = make_plan(
        instance=HOSTILE,
        mode=HOSTILE,
        mechanism=HOSTILE,
        haproxy_version=HOSTILE,
        configuration=hostile.configuration,
        checks=hostile.checks,
        steps=(HOSTILE,),
        listeners=hostile.listeners,
        notes=(HOSTILE,),
    )
    text = render(plan, width=width)
    assert not {"\x1b", "\x07", "\u202e", "\udcff"} & set(text)
    assert [line for line in text.splitlines() if cells(line) > width and "--force" not in line] == []
