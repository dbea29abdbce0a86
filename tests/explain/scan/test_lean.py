from hypothesis import given
from hypothesis import strategies as st

from hitless.explain.entries import ReadOptions
from hitless.explain.formats.compile import compile_format
from hitless.explain.scan.lean import LeanLine, lean_readers
from tests.explain.made import OPTIONS


def read(message: str, *formats: str) -> LeanLine | None:
    options = ReadOptions(
        clock=OPTIONS.clock, formats=tuple(compile_format(f"h.cfg:{n}", f) for n, f in enumerate(formats))
    )
    found = (reader(message.encode()) for reader in lean_readers(options))
    return next((line for line in found if line is not None), None)


MS = 1795921083315


def test_a_format_with_free_text_before_its_fields() -> None:
    text = "%[req.hdr(a)] [%tr] %ft %ST %tsc pid=%pid"
    line = "any thing [29/Nov/2026:02:58:03.315] web~ 503 SC-- pid=77"
    assert read(line, text) == LeanLine(MS, "web", 503, "SC--", 77)
    assert read("any thing", text) is None


def test_quotes_and_encodings() -> None:
    quoted = "%{+Q}o %{-Q}ci %t %f %ST %ts"
    assert read('10.0.0.1 29/Nov/2026:02:58:03.315 "web" 200 --', quoted) == LeanLine(MS, "web", 200, "--", 0)
    encoded = "%{+json}o %(a)t %(b)f %(c)ST %(d)ts"
    line = '{"a": "29/Nov/2026:02:58:03.315", "b": "web", "c": 200, "d": "--"}'
    assert read(line, encoded) == LeanLine(MS, "web", 200, "--", 0)


def test_dates_of_every_kind() -> None:
    for text, line, milliseconds in (
        ("%T %f", "29/Nov/2026:02:58:03 +0000 web", MS // 1000 * 1000),
        ("%Ts %f", "1795921083 web", MS // 1000 * 1000),
        ("%f %ts", "web --", -1),
        ("%t %f", "31/Feb/2026:02:58:03.315 web", -1),
    ):
        found = read(line, text)
        assert found is not None
        assert (found.accepted_ms, found.frontend) == (milliseconds, "web")


def test_errors_and_connections_of_haproxys_own() -> None:
    assert read("10.0.0.1:5 [29/Nov/2026:02:58:03.315] web/1: SSL handshake failure") == LeanLine(
        MS, "web", -1, "", 0
    )
    assert read("Connect from 10.0.0.1:5 to 10.0.0.2:80 (plain/HTTP)") == LeanLine(-1, "plain", -1, "", 0)


def test_json_of_unknown_formats() -> None:
    line = '{"time":"2026-11-29T02:58:03.315Z","frontend":"web","status":200,"term_state":"----","pid":"7"}'
    assert read(line) == LeanLine(MS, "web", 200, "----", 7)
    assert read('{"frontend":"web","http":{"status":200}}') is None  # with objects in it: read by itself
    assert read('{"msg":"x"}') is None
    assert read("{") is None


def test_a_format_with_nothing_to_count_is_left_out() -> None:
    assert len(lean_readers(ReadOptions(formats=(compile_format("x", "%ci %U"),)))) == len(
        lean_readers(ReadOptions())
    )


@given(st.binary(max_size=100))
def test_any_bytes(raw: bytes) -> None:
    for reader in lean_readers(OPTIONS):
        reader(raw)
        reader(b"{" + raw)
