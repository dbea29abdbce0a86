import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.explain.formats.fields import field_arguments, read_fields
from hitless.explain.formats.known import known_formats, meanings_of, read_any_json

LINES = {
    "http": "127.0.0.1:53828 [29/Nov/2026:02:58:03.315] web web/<NOSRV> -1/-1/-1/-1/0 400 0 - - PR-- 1/1/0/0/0 0/0 "
    '"<BADREQ>"',
    "https": "127.0.0.1:1 [29/Nov/2026:02:58:03.315] s~ a/b 0/0/0/0/0 204 9 - - LR-- 1/1/0/0/0 0/0 "
    '"GET /s HTTP/1.1" 0/000000000000/0/0/0 www.example.com/TLSv1.3/TLS_AES_256_GCM_SHA384',
    "tcp": "127.0.0.1:52142 [29/Nov/2026:02:56:29.797] tcp_in tcpapp/t1 1/0/3011 40 K- 1/1/0/0/0 0/0",
    "http_clf": '127.0.0.1 - - [29/Nov/2026:02:58:03 +0000] "GET / HTTP/1.1" 200 51 "" "" 51544 315 '
    '"web" "app" "s1" 0 0 0 1 1 ---- 1 1 0 0 0 0 0 "-" "-" "a" "b"',
    "tcp_clf": '127.0.0.1 - - [29/Nov/2026:02:58:03 +0000] "TCP " 000 40 "" "" 51544 315 '
    '"tcp_in" "tcpapp" "t1" 0 1 0 3011 7 K--- 1 1 0 0 0 0 0 "" "" ',
    "connect": "Connect from 10.0.1.2:33312 to 10.0.3.31:8012 (www/HTTP)",
    "error": "127.0.0.1:56059 [03/Dec/2012:17:35:10.380] frt/f1: SSL handshake failure",
}


@pytest.mark.parametrize("name", list(LINES))
def test_each_format_reads_its_line_and_no_other_does_before_it(name: str) -> None:
    first = next(f for f in known_formats() if read_fields(f, LINES[name]) is not None)
    assert first.name == name


@pytest.mark.parametrize(
    ("name", "frontend", "termination", "status"),
    [
        ("http", "web", "PR--", 400),
        ("https", "s", "LR--", 204),
        ("tcp", "tcp_in", "K-", -1),
        ("http_clf", "web", "----", 200),
        ("tcp_clf", "tcp_in", "K-", -1),
        ("connect", "www", "", -1),
        ("error", "frt", "", -1),
    ],
)
def test_what_they_say(name: str, frontend: str, termination: str, status: int) -> None:
    line_format = next(f for f in known_formats() if f.name == name)
    fields = read_fields(line_format, LINES[name])
    assert fields is not None
    found = field_arguments(fields)
    assert (found["frontend"], found["termination"], found["status"]) == (frontend, termination, status)
    assert found["error"] == ("SSL handshake failure" if name == "error" else "")


def test_json_whose_keys_tell_what_they_are() -> None:
    fields = read_any_json(
        '{"time": "29/Nov/2026:02:58:03.315", "client": {"ip": "10.0.0.1", "port": 5}, "frontend_name": "web~", '
        '"backend_name": "app", "http": {"status": 503}, "termination_state": "SC--", "Tr": -1, "pid": 77, "x": "y"}'
    )
    assert fields is not None
    found = field_arguments(fields)
    assert (found["client"], found["frontend"], found["tls"]) == ("10.0.0.1:5", "web", True)
    assert (found["status"], found["termination"], found["timers_ms"]) == (503, "SC--", {"Tr": -1})
    assert fields.number("pid") == 77
    assert found["other"] == {"x": "y"}


def test_json_of_something_else() -> None:
    assert read_any_json('{"level": "info", "msg": "hello", "time": "x"}') is None
    assert meanings_of(["msg", "status"]) is None
    assert read_any_json("no json") is None


@given(st.text(max_size=100))
def test_any_text(text: str) -> None:
    for line_format in known_formats():
        read_fields(line_format, text)
    read_any_json("{" + text)


def test_timers_may_be_an_object_of_their_own() -> None:
    fields = read_any_json(
        '{"frontend":"web","status":200,"process":7,"timers_ms":{"Tw":1,"Tc":-1},"id":"A:1"}'
    )
    assert fields is not None
    assert fields.timers_ms == {"Tw": 1, "Tc": -1}
    assert (fields.number("pid"), fields.text["request_id"]) == (7, "A:1")
