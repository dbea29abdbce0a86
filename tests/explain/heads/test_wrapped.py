import json
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.explain.heads.wall_clock import WallClock
from hitless.explain.heads.wrapped import unwrap
from hitless.logged import Clock

CLOCK = WallClock(UTC)
JOURNAL = {
    "__REALTIME_TIMESTAMP": "1795921077367999",
    "_SOURCE_REALTIME_TIMESTAMP": "1795921077367992",
    "_HOSTNAME": "lb1",
    "SYSLOG_IDENTIFIER": "haproxy",
    "_COMM": "haproxy",
    "_PID": "7484",
    "PRIORITY": "4",
    "MESSAGE": "[WARNING]  (7486) : Proxy web stopped",
}


def test_a_line_of_the_journal() -> None:
    found = unwrap(json.dumps(JOURNAL).encode(), CLOCK)
    assert found is not None
    assert found.text == JOURNAL["MESSAGE"]
    assert (found.host, found.program, found.pid, found.level) == ("lb1", "haproxy", 7484, "warning")
    assert found.moment is not None
    assert (found.moment.t_ns, found.moment.error_ns, found.moment.clock) == (
        1795921077367992000,
        1000,
        Clock.JOURNAL,
    )


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"MESSAGE": [72, 105, 255]}, "Hi\\xff"),
        ({"MESSAGE": None}, ""),
        ({"MESSAGE": ["first", "second"]}, "first"),
        ({"_HOSTNAME": ["a", "b"]}, JOURNAL["MESSAGE"]),
    ],
)
def test_fields_of_odd_kinds(fields: dict[str, object], text: str) -> None:
    found = unwrap(json.dumps(JOURNAL | fields).encode(), CLOCK)
    assert found is not None
    assert found.text == text


def test_a_pid_that_syslog_gave_counts_more_than_that_of_the_sender() -> None:
    found = unwrap(json.dumps(JOURNAL | {"SYSLOG_PID": "9"}).encode(), CLOCK)
    assert found is not None
    assert found.pid == 9


def test_without_a_time_of_its_own_the_time_of_reception() -> None:
    fields = {k: v for k, v in JOURNAL.items() if not k.startswith("_SOURCE")}
    found = unwrap(json.dumps(fields).encode(), CLOCK)
    assert found is not None
    assert found.moment is not None
    assert found.moment.t_ns == 1795921077367999000
    found = unwrap(
        json.dumps(JOURNAL | {"__REALTIME_TIMESTAMP": "x", "_SOURCE_REALTIME_TIMESTAMP": "y"}).encode(), CLOCK
    )
    assert found is not None
    assert found.moment is None


def test_a_line_of_a_container() -> None:
    raw = b'{"log":"[NOTICE]   (1) : Loading success.\\n","stream":"stderr","time":"2026-11-29T02:57:57.367992123Z"}'
    found = unwrap(raw, CLOCK)
    assert found is not None
    assert found.text == "[NOTICE]   (1) : Loading success."
    assert found.moment is not None
    assert (found.moment.t_ns, found.moment.clock) == (1795921077367992123, Clock.CONTAINER)


@pytest.mark.parametrize(
    ("fields", "origin"),
    [
        (
            {"timestamp": "2026-11-29T02:57:57Z", "host": "lb1", "appname": "haproxy", "procid": 7},
            ("lb1", "haproxy", 7),
        ),
        ({"time": "2026-11-29T02:57:57Z", "ident": "haproxy", "pid": "7"}, ("", "haproxy", 7)),
        ({"@timestamp": "2026-11-29T02:57:57Z", "host": {"name": "x"}, "hostname": "lb1"}, ("lb1", "", 0)),
    ],
)
def test_a_line_of_a_shipper(fields: dict[str, object], origin: tuple[str, str, int]) -> None:
    found = unwrap(json.dumps({"message": "Proxy web stopped\n"} | fields).encode(), CLOCK)
    assert found is not None
    assert (found.text, found.stamped) == ("Proxy web stopped", False)
    assert (found.host, found.program, found.pid) == origin
    assert found.moment is not None
    assert (found.moment.t_ns, found.moment.clock) == (1795921077000000000, Clock.CONTAINER)


@pytest.mark.parametrize(
    "head", ["Nov 29 02:57:57 lb1 haproxy[7]: ", "<134>1 2026-11-29T02:57:57Z lb1 haproxy 7 - - "]
)
def test_a_line_that_a_shipper_left_whole_has_its_own_time(head: str) -> None:
    shipped = {"@timestamp": "2026-11-29T03:00:00Z", "message": f"{head}Proxy web stopped"}
    found = unwrap(json.dumps(shipped).encode(), CLOCK)
    assert found is not None
    assert (found.text, found.moment, found.stamped) == (shipped["message"], None, True)


@pytest.mark.parametrize(
    "raw",
    [
        b"Nov 29",
        b'{"message":"GET /","timestamp":"2026-11-29T02:57:57Z","status":200}',
        b'{"message":"Proxy web stopped"}',
        b'{"message":"Proxy web stopped","timestamp":1}',
        b"{}",
        b'{"log": 1, "time": 2}',
        b'{"__REALTIME_TIMESTAMP": 5}',
        b'{"log":"x","time":"' + b"{" * 100_000,
        b'{"log":"\xff","time":"2026-11-29T02:57:57Z"}',
    ],
)
def test_what_is_no_wrapping(raw: bytes) -> None:
    assert unwrap(raw, CLOCK) is None


@given(st.binary(max_size=100))
def test_any_bytes(raw: bytes) -> None:
    unwrap(b'{"log":"' + raw + b'","time":"x"}', CLOCK)
    unwrap(b'{"message":"' + raw + b'","time":"x"}', CLOCK)
    unwrap(b'{"__REALTIME_TIMESTAMP":"1","MESSAGE":"' + raw + b'"}', CLOCK)
