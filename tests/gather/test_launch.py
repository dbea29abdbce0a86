import pytest

from hitless.gather.launch import with_files, without_manager, without_reload


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


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("haproxy -W -f a", "haproxy -W -f x -f y"),
        ("haproxy -f a -D -f b -p c", "haproxy -D -p c -f x -f y"),
        ("haproxy -D -- a b", "haproxy -D -f x -f y"),
        ("haproxy -D -f", "haproxy -D -f x -f y"),
    ],
)
def test_other_files_stand_in_place_of_its_own(words: str, kept: str) -> None:
    assert with_files(words.split(" "), ("x", "y")) == tuple(kept.split(" "))


def test_what_managers_say_is_not_passed_on() -> None:
    environment = {"PATH": "/bin", "NOTIFY_SOCKET": "/run/n", "HAPROXY_MWORKER_REEXEC": "1", "HAPROXY_X": "y"}
    assert without_manager(environment) == {"PATH": "/bin", "HAPROXY_X": "y"}
