import json

from hitless.explain.scan.unwrap import is_wrapped, unwrap_block
from hitless.explain.sources.blocks import Block
from tests.explain.made import OPTIONS

CLOCK = OPTIONS.clock


def journal(text: str, micros: int = 1795921083367992, **more: str) -> bytes:
    fields = {
        "__REALTIME_TIMESTAMP": str(micros),
        "MESSAGE": text,
        "SYSLOG_IDENTIFIER": "haproxy",
        "_PID": "7",
    }
    return json.dumps(fields | more).encode()


def test_lines_of_a_shipper_get_a_head_where_they_have_none() -> None:
    shipped = {"@timestamp": "2026-11-29T02:58:03Z", "ident": "haproxy", "pid": 7}
    texts = ("one", "Nov 29 02:58:01 lb1 haproxy[7]: two")
    data = b"".join(json.dumps(shipped | {"message": text}).encode() + b"\n" for text in texts)
    assert unwrap_block(Block(data, 0), CLOCK).data.decode().splitlines() == [
        "2026-11-29T02:58:03.000000Z - haproxy[7]: one",
        "Nov 29 02:58:01 lb1 haproxy[7]: two",
    ]


def test_lines_of_the_journal_get_a_head() -> None:
    lines = [
        journal("one", _HOSTNAME="lb1"),
        journal("two\nthree"),
        b"no json",
        journal("four", 1795921084000001),
    ]
    found = unwrap_block(Block(b"\n".join(lines) + b"\n", 100), CLOCK)
    assert found.data.decode().splitlines() == [
        "2026-11-29T02:58:03.367992Z lb1 haproxy[7]: one",
        "2026-11-29T02:58:03.367992Z - haproxy[7]: two three",
        "no json",
        "2026-11-29T02:58:04.000001Z - haproxy[7]: four",
    ]
    assert found.lines == lines
    assert found.offsets == [
        100,
        100 + len(lines[0]) + 1,
        102 + len(lines[0] + lines[1]),
        103 + sum(map(len, lines[:3])),
    ]


def test_lines_of_containers() -> None:
    line = b'{"log":"hello\\n","stream":"stdout","time":"2026-11-29T02:58:03.367992123Z"}'
    assert is_wrapped(line, CLOCK)
    assert unwrap_block(Block(line, 0), CLOCK).data == b"2026-11-29T02:58:03.367992Z stdout F hello\n"


def test_a_line_without_a_time() -> None:
    line = journal("x", __REALTIME_TIMESTAMP="?")
    assert unwrap_block(Block(line, 0), CLOCK).data == b"-\n"


def test_times_beyond_the_calendar() -> None:
    assert unwrap_block(Block(journal("x", 10**17 - 1), 0), CLOCK).data.startswith(
        b"5138-11-16T09:46:39.999999Z "
    )


def test_plain_lines() -> None:
    assert not is_wrapped(b"Nov 29 x", CLOCK)
