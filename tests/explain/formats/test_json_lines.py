from hypothesis import given
from hypothesis import strategies as st

from hitless.explain.formats.json_lines import flatten, plain_values, read_object


def test_values_as_haproxy_writes_them_without_encoding() -> None:
    found = read_object(
        '{"a": "x", "b": 5, "c": null, "d": true, "e": false, "f": ["a", null], "g": 1.5, "h": {"i": 1}}'
    )
    assert found is not None
    assert plain_values(found) == {
        "a": "x",
        "b": "5",
        "c": "",
        "d": "1",
        "e": "0",
        "f": "{a|}",
        "g": "1.5",
        "h": '{"i":1}',
    }


def test_objects_in_objects() -> None:
    assert flatten({"http": {"status": 200, "a": {"b": {"c": 1}}}, "x": 1}) == {
        "http.status": 200,
        "http.a.b": {"c": 1},
        "x": 1,
    }


def test_what_is_no_object() -> None:
    assert read_object("[1]") is None
    assert read_object("{") is None
    assert read_object(' {"a":1}') is None
    assert read_object('{"a":' * 100_000) is None
    assert read_object("{" + ",".join(f'"{n}":1' for n in range(501)) + "}") is None


@given(st.text())
def test_any_text(text: str) -> None:
    read_object("{" + text)
