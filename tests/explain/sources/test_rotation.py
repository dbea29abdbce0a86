from hypothesis import given
from hypothesis import strategies as st

from hitless.explain.sources.rotation import rotated_set


def test_numbers() -> None:
    names = [
        "haproxy.log",
        "haproxy.log.1",
        "haproxy.log.10.gz",
        "haproxy.log.2.gz",
        "haproxy.log.old",
        "other.log.1",
    ]
    assert rotated_set("haproxy.log", names) == (
        "haproxy.log.10.gz",
        "haproxy.log.2.gz",
        "haproxy.log.1",
        "haproxy.log",
    )


def test_dates() -> None:
    names = [
        "haproxy.log-20261129.xz",
        "haproxy.log",
        "haproxy.log-20261127.zst",
        "haproxy.log-20261128",
        "haproxy.log-20261128-1764288000",
        "haproxy.log-2026-11-30.bz2",
    ]
    assert rotated_set("haproxy.log", names) == (
        "haproxy.log-20261127.zst",
        "haproxy.log-20261128",
        "haproxy.log-20261128-1764288000",
        "haproxy.log-20261129.xz",
        "haproxy.log-2026-11-30.bz2",
        "haproxy.log",
    )


def test_the_extension_may_stand_last() -> None:
    assert rotated_set("haproxy.log", ["haproxy-20261129.log.gz", "haproxy.log"]) == (
        "haproxy-20261129.log.gz",
        "haproxy.log",
    )


def test_in_the_middle_of_a_rotation_a_file_counts_once() -> None:
    assert rotated_set("a", ["a.1", "a.1.gz", "a"]) == ("a.1", "a")


def test_a_log_that_is_not_there_any_more() -> None:
    assert rotated_set("a", ["a.2", "a.1"]) == ("a.2", "a.1")
    assert rotated_set("a", []) == ()


@given(
    st.text(alphabet="a.-0123456789gzxlo", min_size=1, max_size=12),
    st.lists(st.text(alphabet="a.-0123456789gzxlo", max_size=20)),
)
def test_any_names(name: str, others: list[str]) -> None:
    assert set(rotated_set(name, others)) <= set(others)
