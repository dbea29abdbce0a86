import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.evidence.haproxy_log import (
    ConnectionLine,
    ProcessMessage,
    UnknownLine,
    parse_line,
    to_event,
)
from hitless.evidence.haproxy_messages import MessageKind
from hitless.records import Event, EventKind

DATE = "22/Nov/2026:13:50:08.123"
HTTP = f'198.51.100.7:40000 [{DATE}] www app/s1 0/0/1/2/3 200 142 - - ---- 1/1/0/0/0 0/0 "GET /x HTTP/1.1"'


def connection(line: str) -> ConnectionLine:
    parsed = parse_line(line.encode())
    assert isinstance(parsed, ConnectionLine), parsed
    return parsed


def test_an_http_line() -> None:
    assert connection(HTTP) == ConnectionLine(
        text=HTTP,
        pid=0,
        client="198.51.100.7:40000",
        frontend="www",
        accepted=DATE,
        backend="app",
        server="s1",
        timers_ms=(0, 0, 1, 2, 3),
        status=200,
        sent_bytes=142,
        termination="----",
        request="GET /x HTTP/1.1",
    )


def test_an_http_line_of_a_request_that_was_cut() -> None:
    line = connection(
        f"198.51.100.7:40000 [{DATE}] www~ www/<NOSRV> -1/-1/-1/-1/+12 -1 +0 - - KR-- 2/2/0/0/+3 0/0 "
        '{curl|x "y"} {} "<BADREQ>"'
    )
    assert line.tls
    assert (line.server, line.status, line.sent_bytes, line.termination) == ("<NOSRV>", -1, 0, "KR--")
    assert line.timers_ms == (-1, -1, -1, -1, 12)


def test_an_https_line_has_more_behind_the_request() -> None:
    line = connection(
        f'198.51.100.7:40000 [{DATE}] www~ app/s1 0/0/1/2/3 200 142 - - ---- 1/1/0/0/0 0/0 "GET / HTTP/2.0" '
        "0/0000000000000000/0/0/0 example.org/TLSv1.3/TLS_AES_256_GCM_SHA384"
    )
    assert (line.request, line.tls, line.status) == ("GET / HTTP/2.0", True, 200)


def test_a_tcp_line() -> None:
    line = connection(f"198.51.100.7:40000 [{DATE}] db pg/s1 1/0/5007 212 K- 1/1/0/0/0 0/0")
    assert (line.backend, line.timers_ms, line.termination, line.status) == ("pg", (1, 0, 5007), "K-", -1)


def test_the_default_line() -> None:
    line = connection("Connect from 198.51.100.7:40000 to 192.0.2.1:80 (www/HTTP)")
    assert (line.client, line.frontend, line.accepted) == ("198.51.100.7:40000", "www", "")


def test_a_connection_error() -> None:
    line = connection(f"198.51.100.7:40000 [{DATE}] www/1: SSL handshake failure")
    assert (line.frontend, line.error, line.request) == ("www", "SSL handshake failure", "")


@pytest.mark.parametrize(
    ("logged", "endpoint"),
    [
        ("2001:db8::1:80", "[2001:db8::1]:80"),
        ("::ffff:192.0.2.9:80", "192.0.2.9:80"),
        ("unix:1", "unix:1"),
    ],
)
def test_clients_are_endpoints(logged: str, endpoint: str) -> None:
    assert connection(HTTP.replace("198.51.100.7:40000", logged)).client == endpoint


@pytest.mark.parametrize(
    ("header", "pid"),
    [
        ("", 0),
        ("<134>Nov 22 13:50:08 localhost haproxy[10928]: ", 10928),
        ("<134>Nov  2 13:50:08 haproxy-2.2[10281]: ", 10281),
        ("Nov 22 13:50:08 lb1 haproxy[7]: ", 7),
        ("2026-11-22T13:50:08.123456+01:00 lb1 haproxy[7]: ", 7),
        ("<134>1 2026-11-22T13:50:08.123+01:00 lb1 haproxy 10928 - - ", 10928),
        ('<134>1 2026-11-22T13:50:08.123+01:00 lb1 haproxy - - [a@1 b="c"] ', 0),
        ("<134>", 0),
    ],
)
def test_syslog_headers_are_taken_off(header: str, pid: int) -> None:
    line = connection(f"{header}{HTTP}\n")
    assert (line.pid, line.text) == (pid, HTTP)


def test_a_process_message_in_the_log() -> None:
    line = parse_line(
        b"<132>Nov 22 13:50:08 localhost haproxy-2.8[10928]: Proxy fe stopped (cumulated conns: FE: 3, BE: 0)."
    )
    assert line == ProcessMessage(
        "Proxy fe stopped (cumulated conns: FE: 3, BE: 0).",
        10928,
        "warning",
        MessageKind.PROXY_STOPPED,
        "fe",
        3,
    )


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (
            b"[WARNING] 325/134926 (10279) : Former worker #1 (10281) exited with code 0 (Exit)",
            (10279, "warning", MessageKind.FORMER_WORKER_EXITED, "10281", 0),
        ),
        (b"[NOTICE]   (10710) : Loading success.\n", (10710, "notice", MessageKind.LOADED, "", 0)),
        (
            b"[ALERT]    (11649) : something new",
            (11649, "alert", MessageKind.OTHER, "", 0),
        ),
    ],
)
def test_stderr_of_old_and_new_versions(raw: bytes, expected: tuple[object, ...]) -> None:
    line = parse_line(raw)
    assert isinstance(line, ProcessMessage)
    assert (line.pid, line.level, line.kind, line.subject, line.number) == expected


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0\xff\xfe",
        b'{"client":"198.51.100.7"}',
        b"<999>x",
        HTTP.replace("198.51.100.7", "999.1.1.1").encode(),
        HTTP.replace("200 142", "x 142").encode(),
    ],
)
def test_lines_of_other_formats_are_kept_as_they_are(raw: bytes) -> None:
    assert isinstance(parse_line(raw), UnknownLine)


def test_a_request_of_a_hostile_client_stays_a_request() -> None:
    line = connection(HTTP.replace("/x", '/" 0/0 "[ALERT]    (1) : x<script>'))
    assert line.status == 200
    assert "<script>" in line.request


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_no_bytes_raise(raw: bytes) -> None:
    for data in (raw, b"<134>" + raw, b"[ALERT]    (1) : " + raw, HTTP.encode()[:60] + raw):
        assert isinstance(parse_line(data).text, str)
        to_event(1, data)


def test_a_line_without_end_is_cut() -> None:
    assert len(parse_line(b"x" * 10_000_000).text) == 16 * 1024


def test_a_connection_line_as_event() -> None:
    raw = f"<134>Nov 22 13:50:08 localhost haproxy[10928]: {HTTP}".encode()
    assert to_event(5, raw) == Event(
        t_ns=5,
        kind=EventKind.LOG_LINE,
        pid=10928,
        remote="198.51.100.7:40000",
        state="----",
        reason="www",
        number=200,
        text=HTTP,
    )


def test_a_message_as_event() -> None:
    event = to_event(5, b"[WARNING]  (7) : Former worker (8) exited with code 143 (Terminated)")
    assert event.kind is EventKind.HAPROXY_MESSAGE
    assert (event.pid, event.state, event.reason, event.local, event.number) == (
        7,
        "warning",
        "former_worker_exited",
        "8",
        143,
    )
