import pytest

from hitless.reload.preflight.room_finding import Fit
from hitless.reload.preflight.room_ports import judge_ports, port_range_size, server_ports
from tests.reload.preflight.targets import target

HERE, SERVER = "192.0.2.9", "192.0.2.1:80"


@pytest.mark.parametrize(
    ("local_range", "reserved", "size"),
    [
        ("32768\t60999", "", 28232),
        ("32768 60999", "8080,40000-40009,60999", 28221),
        ("10 19", "0-100", 0),
        ("10 19", "15,15-16", 8),
        ("", "", None),
        ("a b", "", None),
    ],
)
def test_how_many_source_ports_there_are(local_range: str, reserved: str, size: int | None) -> None:
    assert port_range_size(local_range, reserved) == size


@pytest.mark.parametrize(
    ("connected", "waiting", "fit"),
    [
        (10, 0, Fit.FITS),
        (500, 0, Fit.FITS),
        (501, 0, Fit.TIGHT),
        (300, 500, Fit.TIGHT),
        (300, 400, Fit.FITS),
        (0, 999, Fit.FITS),
        (0, 1000, Fit.DOES_NOT_FIT),
        (999, 1, Fit.DOES_NOT_FIT),
    ],
)
def test_one_destination(connected: int, waiting: int, fit: Fit) -> None:
    used = {(HERE, SERVER, False): connected, (HERE, SERVER, True): waiting}
    assert [finding.fit for finding in judge_ports(used, 1000)] == [fit]


def test_addresses_do_not_share_their_ports() -> None:
    used = {
        (HERE, SERVER, False): 600,
        ("192.0.2.10", SERVER, False): 300,
        (HERE, "192.0.2.2:80", False): 400,
    }
    found = judge_ports(used, 1000)
    assert [finding.fit for finding in found] == [Fit.TIGHT, Fit.FITS, Fit.FITS]
    assert found[0].text == (
        "source ports from 192.0.2.9 to 192.0.2.1:80: 600 connected and 0 in TIME_WAIT of 1000: "
        "a second generation with as many does not fit"
    )


def test_little_is_said_in_one_line() -> None:
    assert judge_ports({(HERE, SERVER, False): 3}, 1000)[0].text.startswith("source ports: at most 3 of 1000")
    assert judge_ports({}, 1000)[0].fit is Fit.FITS
    assert "does not say" in judge_ports({}, None)[0].text


def test_the_ports_that_servers_are_connected_to() -> None:
    text = """backend a
    server one 192.0.2.1:80
    server two app.example:8080
    server three unix@/run/x.sock
backend b
    disabled
    server one 192.0.2.1:81
"""
    assert server_ports(target(text).subject) == {80, 8080}
