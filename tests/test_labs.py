"""What a report comes to."""

import pytest

from hitless.labs import LabReport, Status
from tests.lab.made import make_report, make_result


@pytest.mark.parametrize(
    ("found", "status"),
    [
        ((Status.GREEN,), Status.GREEN),
        ((Status.GREEN, Status.UNKNOWN), Status.UNKNOWN),
        ((Status.UNKNOWN, Status.RED, Status.GREEN), Status.RED),
    ],
)
def test_a_report_is_as_good_as_its_worst_result(found: tuple[Status, ...], status: Status) -> None:
    assert make_report(*(make_result(one) for one in found)).status is status


def test_a_report_of_nothing_says_nothing() -> None:
    assert LabReport(hitless="0", kernel="6").status is Status.UNKNOWN
