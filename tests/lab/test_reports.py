"""Several reports as one."""

import pytest

from hitless.errors import UsageError
from hitless.lab.reports import join_reports
from hitless.labs import Absent, HAProxyHere, Status
from tests.lab.made import make_claim, make_report, make_result


def test_reports_of_versions_become_one() -> None:
    newer = make_report(
        make_result(version="3.2.26"),
        haproxies=(HAProxyHere(branch="3.2", version="3.2.26", path="/y"),),
        absent=(Absent(what="keepalived", why="is not installed"),),
        claims=(make_claim(version="3.2.26"),),
    )
    joined = join_reports([newer, make_report()])
    assert [one.branch for one in joined.haproxies] == ["2.8", "3.2"]
    assert {result.version for result in joined.results} == {"2.8.25", "3.2.26"}
    assert [one.what for one in joined.absent] == ["keepalived"]
    assert len(joined.claims) == 2


def test_the_later_result_replaces_the_earlier() -> None:
    joined = join_reports([make_report(make_result(Status.RED)), make_report()])
    assert [result.status for result in joined.results] == [Status.GREEN]


def test_nothing_is_no_report() -> None:
    with pytest.raises(UsageError):
        join_reports([])
