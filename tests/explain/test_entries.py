import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.evidence.haproxy_messages import MessageKind
from hitless.explain.entries import EntryReader, ReadOptions
from hitless.explain.formats.compile import compile_format
from hitless.explain.heads.wall_clock import WallClock
from hitless.logged import Clock, OwnMessage, ServiceKind, ServiceMessage, SkipReason, Traffic, UnknownText

CLOCK = WallClock(UTC)
END = int(datetime(2026, 12, 1, tzinfo=UTC).timestamp()) * 10**9
HTTP = (
    "127.0.0.1:53828 [29/Nov/2026:02:58:03.315] web~ app/s1 1/2/3/4/10 503 0 - - SC-- 1/1/0/0/+3 0/0 "
    '"GET / HTTP/1.1"'
)
SYSLOG = "Nov 29 02:58:03 vm haproxy[8064]: "


def reader(**options: object) -> EntryReader:
    return EntryReader(3, ReadOptions(clock=CLOCK, **options), end_ns=END)  # type: ignore[arg-type]


def read(line: str, entries: EntryReader | None = None) -> object:
    return (entries or reader()).read(line.encode(), 700)


def test_a_line_about_a_request() -> None:
    found = read(SYSLOG + HTTP)
    assert isinstance(found, Traffic)
    assert (found.host, found.program, found.pid, found.format_name) == ("vm", "haproxy", 8064, "http")
    assert (found.client, found.frontend, found.tls, found.backend) == ("127.0.0.1:53828", "web", True, "app")
    assert (found.status, found.termination, found.retries, found.redispatched) == (503, "SC--", 3, True)
    assert (found.at.t_ns, found.at.error_ns) == (1795921083 * 10**9, 10**9)
    assert found.accepted is not None
    assert found.accepted.t_ns == 1795921083315 * 10**6
    assert (found.place.source, found.place.offset, found.place.size_bytes) == (3, 700, len(SYSLOG + HTTP))


@pytest.mark.parametrize(
    ("line", "pid"),
    [
        ("Proxy web stopped (cumulated conns: FE: 1, BE: 0).", 8064),
        ("[WARNING]  (7) : Proxy web stopped (cumulated conns: FE: 1, BE: 0).", 7),
    ],
)
def test_a_message_of_haproxys(line: str, pid: int) -> None:
    found = read(SYSLOG + line)
    assert isinstance(found, OwnMessage)
    assert (found.kind, found.pid, found.subject, found.number) == (MessageKind.PROXY_STOPPED, pid, "web", 1)


def test_what_is_not_known_is_kept() -> None:
    found = read(SYSLOG + "something else")
    assert isinstance(found, UnknownText)
    assert found.text == "something else"
    found = read(SYSLOG + "[NOTICE]   (1) : path to executable is /usr/sbin/haproxy")
    assert isinstance(found, OwnMessage)
    assert found.kind is MessageKind.OTHER


def test_what_systemd_and_keepalived_say() -> None:
    found = read("Nov 29 02:58:03 vm systemd[1]: Reloading haproxy.service - HAProxy Load Balancer...")
    assert isinstance(found, ServiceMessage)
    assert (found.kind, found.unit) == (ServiceKind.RELOADING, "haproxy.service")
    assert read("Nov 29 02:58:03 vm systemd[1]: Started cron.service - cron.") is SkipReason.OTHER_PROGRAM
    assert (
        read("Nov 29 02:58:03 vm systemd[1]: Reloading haproxy_exporter.service - x...")
        is SkipReason.OTHER_PROGRAM
    )
    found = read("Nov 29 02:58:03 vm Keepalived_vrrp[5]: (VI_1) Entering MASTER STATE")
    assert isinstance(found, ServiceMessage)
    assert found.kind is ServiceKind.VRRP_MASTER


def test_lines_of_other_programs() -> None:
    entries = reader()
    for _ in range(100):
        assert read("Nov 29 02:58:03 vm sshd[5]: hello", entries) is SkipReason.OTHER_PROGRAM
    assert entries.is_other_program("sshd")
    assert read(f"Nov 29 02:58:03 vm sshd[5]: {HTTP}", entries) is SkipReason.OTHER_PROGRAM


def test_a_tag_of_ones_own_is_known_by_its_lines() -> None:
    entries = reader()
    found = read(f"Nov 29 02:58:03 vm lb1[5]: {HTTP}", entries)
    assert isinstance(found, Traffic)
    assert found.program == "lb1"
    assert read("Nov 29 02:58:03 vm lb1[5]: hello", entries) is SkipReason.OTHER_PROGRAM
    assert isinstance(
        read("Nov 29 02:58:03 vm lb1[5]: hello", reader(programs=frozenset({"lb1"}))), UnknownText
    )


def test_the_configurations_formats_come_first() -> None:
    custom = compile_format("h.cfg:7", "%ci:%cp [%tr] %ft %pid %ST id=%ID")
    entries = reader(formats=(custom,))
    found = read(SYSLOG + "10.0.0.1:5 [29/Nov/2026:02:58:03.315] web 77 200 id=abc", entries)
    assert isinstance(found, Traffic)
    assert (found.format_name, found.pid, found.request_id) == ("h.cfg:7", 77, "abc")
    found = read(SYSLOG + HTTP, entries)
    assert isinstance(found, Traffic)
    assert found.format_name == "http"


def test_structured_data_is_added() -> None:
    data = compile_format("h.cfg:9", "%{+Q,+E}o [ex@1 id=%ID host=%[req.hdr(host)]]")
    found = read(
        f'<134>1 2026-11-29T02:58:03Z vm haproxy 8 - [ex@1 id="a-1" host="b.example"] {HTTP}',
        reader(data_formats=(data,)),
    )
    assert isinstance(found, Traffic)
    assert (found.request_id, found.other["req.hdr(host)"], found.status) == ("a-1", "b.example", 503)


def test_json_of_an_unknown_format() -> None:
    line = json.dumps(
        {"time": "2026-11-29T02:58:03.315Z", "frontend": "web", "status": 200, "pid": 7, "term_state": "----"}
    )
    found = read(line)
    assert isinstance(found, Traffic)
    assert (found.format_name, found.frontend, found.status, found.pid) == ("json", "web", 200, 7)
    assert found.accepted is not None
    assert found.accepted.t_ns == 1795921083315 * 10**6


def test_lines_without_a_stamp_have_their_own_date_or_their_neighbours() -> None:
    entries = reader()
    before = read("[NOTICE]   (1) : Loading success.", entries)
    traffic = read(HTTP, entries)
    after = read("[NOTICE]   (1) : Reloading HAProxy", entries)
    assert isinstance(before, OwnMessage)
    assert isinstance(traffic, Traffic)
    assert isinstance(after, OwnMessage)
    assert before.at.clock is Clock.NONE
    assert traffic.at.clock is Clock.HAPROXY
    assert traffic.at.t_ns == 1795921083325 * 10**6  # 10 ms in all
    assert (after.at.clock, after.at.t_ns) == (Clock.BETWEEN, traffic.at.t_ns)


def test_the_journal() -> None:
    raw = json.dumps(
        {
            "__REALTIME_TIMESTAMP": "1795921083000000",
            "MESSAGE": "[NOTICE]   (7484) : Reloading HAProxy",
            "SYSLOG_IDENTIFIER": "haproxy",
            "_PID": "1",
            "_HOSTNAME": "lb1",
        }
    )
    found = read(raw)
    assert isinstance(found, OwnMessage)
    assert (found.kind, found.pid, found.host, found.at.clock) == (
        MessageKind.RELOADING,
        7484,
        "lb1",
        Clock.JOURNAL,
    )


def test_the_year_of_a_copied_file_is_that_of_haproxys_date() -> None:
    line = "Nov 29 02:58:03 vm haproxy[1]: " + HTTP.replace("2026", "2019")
    found = read(line)
    assert isinstance(found, Traffic)
    assert datetime.fromtimestamp(found.at.t_ns // 10**9, UTC).year == 2019


def test_the_time_of_a_line_of_any_program() -> None:
    entries = reader()
    for line in ("Nov 29 02:58:03 vm sshd[5]: x", HTTP):
        moment = entries.time_of(line.encode())
        assert moment is not None
        assert moment.t_ns // 10**9 == 1795921083
    assert entries.time_of(b"x") is None
    assert entries.time_of(b"  ") is None


def test_nothing_says_nothing() -> None:
    assert read("") is None
    assert read("  ") is None


@given(st.binary(max_size=300))
def test_any_bytes(raw: bytes) -> None:
    entries = reader()
    for line in (raw, SYSLOG.encode() + raw, b"{" + raw, HTTP.encode() + raw):
        entries.read(line, 0)
        entries.time_of(line)
