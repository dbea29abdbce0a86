from datetime import UTC

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hitless.explain.formats.compile import compile_format
from hitless.explain.formats.dates import parse_accepted
from hitless.explain.formats.fields import field_arguments, read_fields
from hitless.explain.formats.known import FORMAT_TEXTS
from hitless.explain.heads.wall_clock import WallClock
from tests.explain.formats.rendered import COUNTERS, TIMERS, Session, moment_ns, render, sessions

HTTP = compile_format("http", FORMAT_TEXTS["http"])
CUSTOM = (
    '{"time":"%t","fe":"%ft","be":"%b","srv":"%s","st":%ST,"term":"%tsc","pid":%pid,"ua":"%[req.hdr(user-agent)]"}',
    "pid=%pid id=%ID %ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %tsc %{+Q}r",
    '%{+Q}o %{-Q}ci %T %r %ST %B "" %ft %b %s %TR %Ta %tsc %{+E}[req.hdr(user-agent)] %hr',
    "%{+X}pid %{+X}Ts%ms %ft|%b|%s|%ST|%tsc|%HM %HU",
    "%ci %[req.hdr(user-agent)] %ST %B %ft %tsc %[ssl_fc_sni]",
    "%Ts %f %b %s %ts %U %rc",
)


@given(sessions())
def test_what_httplog_writes_is_read_back(session: Session) -> None:
    line = render(FORMAT_TEXTS["http"], session)
    fields = read_fields(HTTP, line)
    assert fields is not None, line
    found = field_arguments(fields)
    values = session.values
    assert found["frontend"] == values["ft"].removesuffix("~")
    assert found["tls"] == values["ft"].endswith("~")
    assert (found["backend"], found["server"]) == (values["b"], values["s"])
    assert (found["status"], found["termination"]) == (int(values["ST"]), values["tsc"])
    assert found["sent_bytes"] == int(values["B"].lstrip("+"))
    assert found["early"] == values["B"].startswith("+")
    assert found["retries"] == int(values["rc"])
    assert found["redispatched"] == values["rc"].startswith("+")
    assert found["request"] == values["r"]
    assert found["timers_ms"] == {
        name: int(values[name].lstrip("+")) for name in ("TR", "Tw", "Tc", "Tr", "Ta")
    }
    assert found["counters"] == {name: int(values[name]) for name in COUNTERS}
    assert not found["cut"]
    moment = parse_accepted(fields.text, WallClock(UTC))
    assert moment is not None
    assert moment.t_ns == moment_ns(session)


@given(sessions(), st.sampled_from(CUSTOM))
def test_what_a_custom_format_writes_is_read_back(session: Session, text: str) -> None:
    agent = session.values["req.hdr(user-agent)"]
    assume('"' not in agent and agent == agent.strip() and "  " not in agent)  # else its end cannot be seen
    fields = read_fields(compile_format("custom", text), render(text, session))
    assert fields is not None, render(text, session)
    found = field_arguments(fields)
    for alias, name in (("tsc", "termination"), ("b", "backend"), ("s", "server")):
        if f"%{alias}" in text:
            assert found[name] == session.values[alias]
    if "%ST" in text:
        assert found["status"] == int(session.values["ST"])
    if "%ft" in text:
        assert found["frontend"] == session.values["ft"].removesuffix("~")
    if "pid" in text:
        assert fields.number("pid") == int(session.values["pid"])
    if "%[req.hdr(user-agent)]" in text:
        assert found["other"].get("req.hdr(user-agent)", "") in {agent, ""}
    if "Ts" in text:
        moment = parse_accepted(fields.text, WallClock(UTC))
        assert moment is not None
        assert moment.t_ns // 10**9 == moment_ns(session) // 10**9


@given(st.text(), st.sampled_from([*FORMAT_TEXTS.values(), *CUSTOM]))
def test_no_text_does_harm(text: str, format_text: str) -> None:
    fields = read_fields(compile_format("any", format_text), text)
    if fields is not None:
        field_arguments(fields)


@given(sessions(), st.integers(0, 60))
def test_a_line_that_is_cut_in_its_request_keeps_its_fields(session: Session, length: int) -> None:
    whole = render(FORMAT_TEXTS["http"], session)
    start = whole.index('"') + 1
    fields = read_fields(HTTP, whole[: min(start + length, len(whole) - 1)])
    assert fields is not None
    assert fields.cut
    assert field_arguments(fields)["termination"] == session.values["tsc"]
    assert session.values["r"].startswith(fields.request)


def test_what_looks_like_cut_captures_is_not_taken_for_a_request() -> None:
    line = "10.0.0.1:1 [29/Nov/2026:02:58:03.315] web web/<NOSRV> 0/0/0/0/0 200 0 - - ---- 1/1/0/0/0 0/0 {www.exa"
    fields = read_fields(HTTP, line)
    assert fields is not None
    found = field_arguments(fields)
    assert (found["cut"], found["status"], found["request"]) == (True, 200, "")
    assert (found["request_captures"], found["response_captures"]) == ((), ())


def test_captures_are_decoded() -> None:
    line = (
        "10.0.0.1:1 [29/Nov/2026:02:58:03.315] web app/s1 0/0/0/0/0 200 0 - - ---- 1/1/0/0/0 0/0 "
        '{www.example.com|#7B#22x|} {nginx} "GET / HTTP/1.1"'
    )
    fields = read_fields(HTTP, line)
    assert fields is not None
    found = field_arguments(fields)
    assert found["request_captures"] == ("www.example.com", '{"x', "")
    assert found["response_captures"] == ("nginx",)


def test_quotes_that_syslog_ng_escaped() -> None:
    line = (
        "10.0.0.1:1 [29/Nov/2026:02:58:03.315] web app/s1 0/0/0/0/0 200 0 - - ---- 1/1/0/0/0 0/0 "
        '\\"GET / HTTP/1.1\\"'
    )
    fields = read_fields(HTTP, line)
    assert fields is not None
    assert fields.request == "GET / HTTP/1.1"


@pytest.mark.parametrize(
    ("logged", "client"),
    [
        ("2001:db8::1:80", "[2001:db8::1]:80"),
        ("::ffff:192.0.2.1:80", "192.0.2.1:80"),
        ("unix:1", "unix:1"),
        ("192.0.2.1:51544", "192.0.2.1:51544"),
    ],
)
def test_clients_are_endpoints(logged: str, client: str) -> None:
    fields = read_fields(compile_format("x", "%ci:%cp %ST"), f"{logged} 200")
    assert fields is not None
    assert fields.client == client


def test_an_address_alone_and_none() -> None:
    line_format = compile_format("x", "%ci %ST")
    for logged, client in (("192.0.2.1", "192.0.2.1"), ("-", "")):
        fields = read_fields(line_format, f"{logged} 200")
        assert fields is not None
        assert fields.client == client


def test_hexadecimal_is_read_as_what_it_means() -> None:
    fields = read_fields(compile_format("x", "%{+X}ci:%{+X}cp %{+X}rt %{+X}pid"), "7F000001:C957 001A 1F40")
    assert fields is not None
    assert fields.client == "127.0.0.1:51543"
    assert fields.counters["rt"] == 26
    assert fields.number("pid") == 8000


def test_json_that_haproxy_encodes() -> None:
    line_format = compile_format(
        "x",
        "%{+json}o %(client)ci %(port:str)cp %(st)ST %(fe)ft %(term)ts %(req)r %(b)B %(host)[req.hdr(host)]",
    )
    line = (
        '{"client": "127.0.0.1", "port": "51544", "st": 200, "fe": "web~", "term": "--", '
        '"req": "GET /\\\\x#22 HTTP/1.1", "b": 51, "host": null}'
    )
    fields = read_fields(line_format, line)
    assert fields is not None
    found = field_arguments(fields)
    assert (found["client"], found["status"], found["frontend"], found["tls"]) == (
        "127.0.0.1:51544",
        200,
        "web",
        True,
    )
    assert (found["termination"], found["sent_bytes"], found["request"]) == ("--", 51, "GET /\\x#22 HTTP/1.1")
    assert read_fields(line_format, '{"client": "127.0.0.1"}') is None
    assert read_fields(line_format, "no object") is None


def test_json_of_single_items() -> None:
    text = '{"id":%{+json}ID,"st":%ST,"ua":%{+json}[req.hdr(user-agent)]}'
    fields = read_fields(compile_format("x", text), '{"id":"a\\"b","st":200,"ua":"Mozilla \\\\ 5"}')
    assert fields is not None
    assert fields.text["request_id"] == 'a"b'
    assert fields.other["req.hdr(user-agent)"] == "Mozilla \\ 5"


def test_an_item_that_is_not_known_goes_by_its_name() -> None:
    fields = read_fields(
        compile_format("x", "%(host)[req.hdr(host)] %[res.hdr(via)] %sslv"), "a.example - TLSv1.3"
    )
    assert fields is not None
    assert fields.other == {"host": "a.example", "sslv": "TLSv1.3"}


def test_timers_without_a_number() -> None:
    fields = read_fields(compile_format("x", "%TR/%Tw %ac"), "-/12 -")
    assert fields is not None
    assert fields.timers_ms == {"TR": -1, "Tw": 12}
    assert fields.counters == {"ac": -1}


def test_a_request_is_put_together() -> None:
    fields = read_fields(compile_format("x", "%HM %HP%HQ %HV"), "GET /a ?b=c HTTP/2.0")
    assert fields is None or fields.request  # a format whose parts cannot be told apart may match or not
    fields = read_fields(compile_format("x", "%HM %HP %HQ %HV"), "GET /a ?b=c HTTP/2.0")
    assert fields is not None
    assert fields.request == "GET /a?b=c HTTP/2.0"


def test_every_timer_has_an_alias() -> None:
    text = "/".join(f"%{name}" for name in TIMERS)
    fields = read_fields(compile_format("x", text), "/".join(str(n) for n in range(len(TIMERS))))
    assert fields is not None
    assert fields.timers_ms == {name: n for n, name in enumerate(TIMERS)}


def test_what_a_format_escapes_as_json_is_read_as_it_was() -> None:
    text = '{"id":"%[unique-id,json(utf8s)]","uri":"%[capture.req.uri,json(utf8s)]","x":"%[var(txn.x),json]","st":%ST}'
    message = r'{"id":"A:1","uri":"/a?\"\\\u00e9","x":"1\t2","st":200}'
    fields = read_fields(compile_format("f", text), message)
    assert fields is not None
    assert (fields.text["request_id"], fields.text["uri"], fields.number("status")) == ("A:1", '/a?"\\é', 200)
    assert fields.other == {"var(txn.x),json": "1\t2"}
    broken = read_fields(compile_format("f", text), r'{"id":"A","uri":"\q","x":"","st":200}')
    assert broken is not None
    assert broken.text["uri"] == r"\q"
