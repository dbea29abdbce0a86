"""What of a configuration the verdict has to know."""

import pytest

from hitless.prove import describe
from tests.config.samples import model_of


def test_frontends_and_where_their_options_go() -> None:
    own, inherited = describe.frontend_facts(
        model_of(
            """
            frontend a
                mode tcp
                bind :80
            defaults
                mode http
                option idle-close-on-response
            listen b
                bind :81
            backend none
                mode http
            """
        ),
        (2, 8),
    )
    assert (own.name, own.mode, own.idle_close_on_response, own.fix_where) == (
        "a",
        "tcp",
        False,
        "h.cfg:1 (frontend a)",
    )
    assert (inherited.name, inherited.idle_close_on_response) == ("b", True)
    assert inherited.fix_where == "h.cfg:4 (defaults)"


def test_an_option_that_was_taken_back_is_not_set() -> None:
    (facts,) = describe.frontend_facts(
        model_of(
            """
            defaults
                mode http
                option idle-close-on-response
            frontend a
                bind :80
                no option idle-close-on-response
            """
        ),
        (2, 8),
    )
    assert not facts.idle_close_on_response


@pytest.mark.parametrize(("version", "left_open"), [((2, 2), True), ((2, 4), False), ((3, 2), False)])
def test_before_2_4_a_soft_stop_leaves_idle_connections_open(
    version: tuple[int, int],
    left_open: bool,  # noqa: FBT001 - a column
) -> None:
    (facts,) = describe.frontend_facts(model_of("frontend a\n    mode http\n    bind :80\n"), version)
    assert facts.idle_close_on_response is left_open


@pytest.mark.parametrize(
    ("line", "version", "reloads"),
    [
        ("mworker-max-reloads 7", (2, 6), 7),
        ("mworker-max-reloads 7", (3, 3), 7),
        ("mworker-max-reloads", (2, 6), None),
        ("mworker-max-reloads many", (2, 6), None),
        ("maxconn 5", (3, 2), None),
        ("maxconn 5", (3, 3), 50),
    ],
)
def test_how_many_reloads_a_worker_may_outlive(
    line: str, version: tuple[int, int], reloads: int | None
) -> None:
    assert describe.mworker_max_reloads(model_of(f"global\n    {line}\n"), version) == reloads


@pytest.mark.parametrize(
    ("line", "spread"),
    [("close-spread-time 5s", True), ("close-spread-time infinite", True), ("close-spread-time 0", False),
     ("close-spread-time 0ms", False), ("close-spread-time", False), ("maxconn 5", False)],
)  # fmt: skip
def test_close_spread_time(line: str, spread: bool) -> None:  # noqa: FBT001 - a column
    assert describe.close_spread_time(model_of(f"global\n    {line}\n")) is spread


@pytest.mark.parametrize(
    ("line", "seconds"),
    [("hard-stop-after 30s", 30.0), ("hard-stop-after 500", 0.5), ("hard-stop-after", None),
     ("hard-stop-after soon", None), ("maxconn 5", None)],
)  # fmt: skip
def test_hard_stop_after(line: str, seconds: float | None) -> None:
    assert describe.hard_stop_after_s(model_of(f"global\n    {line}\n")) == seconds


def test_the_places_of_fixes_in_global() -> None:
    places = describe.fix_places(model_of("global\n    maxconn 5\n    hard-stop-after 3s\n"))
    found = {place.keyword: place.where for place in places}
    assert found["hard-stop-after"] == "h.cfg:3 (global)"
    assert found["mworker-max-reloads"] == "h.cfg (global)"
    assert {place.where for place in describe.fix_places(model_of("frontend f\n    bind :80\n"))} == {""}


@pytest.mark.parametrize(
    ("lines", "path"),
    [
        ("stats socket /run/a.sock expose-fd listeners", "/run/a.sock"),
        ("stats socket /run/a.sock level admin", None),
        ("stats socket abns@a expose-fd listeners", "abns@a"),
        ("stats socket ipv4@127.0.0.1:99 expose-fd listeners\n    stats socket /b expose-fd listeners", "/b"),
        ("maxconn 5", None),
    ],
)
def test_the_socket_that_hands_over(lines: str, path: str | None) -> None:
    assert describe.transfer_socket(model_of(f"global\n    {lines}\n")) == path


def test_endpoints_as_the_kernel_writes_them() -> None:
    model = model_of(
        """
        frontend a
            mode http
            bind :80
            bind *:81
            bind [::]:82
            bind 192.0.2.1:83-84
            bind [2001:0DB8::0001]:85
            bind /run/x.sock
            bind quic4@:443
        frontend off
            mode http
            bind :99
            disabled
        """
    )
    assert describe.watched(model) == {
        "0.0.0.0:80",
        "0.0.0.0:81",
        "[::]:82",
        "192.0.2.1:83",
        "192.0.2.1:84",
        "[2001:db8::1]:85",
    }
