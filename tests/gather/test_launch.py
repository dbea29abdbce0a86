import pytest

from hitless.gather.launch import environment_for_another, with_files, without_reload, words_for_a_check


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
        ("haproxy -W -f a", "-W"),
        ("haproxy -Ws -f a -f b -p /run/p -S /run/m.sock,mode,600", "-Ws -S /run/m.sock,mode,600"),
        ("haproxy -sf 12 -x sockpair@5 -D -q -db -dR -dW -L me -m 512 -f a", "-dR -dW -L me -m 512"),
        ("haproxy -C /etc/haproxy -f a", ""),
        ("haproxy -W -x /run/a.sock -- a b", "-W"),
    ],
)
def test_what_a_check_is_told_of_the_service(words: str, kept: str) -> None:
    assert words_for_a_check(words.split(" ")) == tuple(kept.split())


def test_the_directory_of_c_stays_where_it_is_wanted() -> None:
    assert words_for_a_check(("haproxy", "-C", "sub", "-f", "a"), keep_directory=True) == ("-C", "sub")


def test_what_a_master_says_to_its_children_does_not_go_to_another() -> None:
    environment = {"NOTIFY_SOCKET": "/run/n", "HAPROXY_MWORKER_REEXEC": "1", "PORT": "80"}
    assert environment_for_another(environment) == {"PORT": "80"}


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
