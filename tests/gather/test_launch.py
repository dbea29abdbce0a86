import pytest

from hitless.gather.launch import without_reload


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("haproxy -W -f a", "haproxy -W -f a"),
        ("haproxy -sf 12 13 -x sockpair@5 -W -f a", "haproxy -W -f a"),
        ("haproxy -W -f a -sf 12 -x /run/a.sock", "haproxy -W -f a"),
        ("haproxy -W -f a -x /run/master.sock", "haproxy -W -f a -x /run/master.sock"),
        ("haproxy -x sockpair@4 -W -f a", "haproxy -W -f a"),
        ("haproxy -f a -st", "haproxy -f a"),
        ("haproxy -f a -x", "haproxy -f a -x "),
        ("haproxy -D -f a -p b -sf 1 -L x", "haproxy -D -f a -p b -L x"),
    ],
)
def test_what_a_reload_adds_goes(words: str, kept: str) -> None:
    assert without_reload(words.split(" ")) == tuple(kept.split(" "))
