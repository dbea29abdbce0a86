import pytest

from hitless.explain.scan.head_shape import HeadShape, learn_shape, read_origin

MESSAGE = "Proxy web stopped (cumulated conns: FE: 1, BE: 0)."


@pytest.mark.parametrize(
    ("head", "shape", "origin", "names"),
    [
        ("Nov 29 02:58:03 vm haproxy[8]: ", HeadShape("bsd", 0, 2), b"vm haproxy[8]:", ("vm", "haproxy", 8)),
        ("Nov  9 02:58:03 haproxy[8]: ", HeadShape("bsd", 0, 1), b"haproxy[8]:", ("", "haproxy", 8)),
        (
            "2026-11-29T02:58:03.1Z vm haproxy[8]: ",
            HeadShape("iso", 0, 2),
            b"vm haproxy[8]:",
            ("vm", "haproxy", 8),
        ),
        ("2026-11-29T02:58:03.1Z stdout F ", HeadShape("iso", 0, 2), b"stdout F", ("", "", 0)),
        ("2026-11-29T02:58:03.1Z ", HeadShape("iso", 0, 0), b"", ("", "", 0)),
        (
            "<134>1 2026-11-29T02:58:03Z vm haproxy 8 - - ",
            HeadShape("iso", 1, 5, modern=True),
            b"vm haproxy 8 - -",
            ("vm", "haproxy", 8),
        ),
        (
            "<134>1 2026-11-29T02:58:03Z vm haproxy 8 - -  ",
            HeadShape("iso", 1, 6, modern=True),
            b"vm haproxy 8 - - ",
            ("vm", "haproxy", 8),
        ),
    ],
)
def test_shapes(head: str, shape: HeadShape, origin: bytes, names: tuple[str, str, int]) -> None:
    assert learn_shape([(head + MESSAGE).encode()]) == shape
    found = read_origin(shape, origin)
    assert found is not None
    assert (found.host, found.program, found.pid) == names


@pytest.mark.parametrize(
    "line",
    [
        MESSAGE,
        "[WARNING]  (7) : " + MESSAGE,
        "<134>Nov 29 02:58:03 haproxy[8]: " + MESSAGE,
        "Nov 29 02:58:03.123 vm haproxy[8]: " + MESSAGE,
        "2026-11-29 02:58:03 vm haproxy[8]: " + MESSAGE,
        "lb-1 | 2026-11-29T02:58:03Z " + MESSAGE,
    ],
)
def test_heads_that_are_read_line_by_line(line: str) -> None:
    assert learn_shape([line.encode()]) is None


def test_the_common_shape_counts() -> None:
    common = f"Nov 29 02:58:03 vm haproxy[8]: {MESSAGE}".encode()
    other = f"2026-11-29T02:58:03.1Z {MESSAGE}".encode()
    assert learn_shape([other, common, common]) == HeadShape("bsd", 0, 2)
    assert learn_shape([b"x"] * 9 + [common]) is None
    assert learn_shape([]) is None


def test_an_origin_that_no_message_can_follow() -> None:
    assert read_origin(HeadShape("bsd", 0, 2), b"vm haproxy[8]") is None
    assert read_origin(HeadShape("bsd", 0, 2), b"") is None
