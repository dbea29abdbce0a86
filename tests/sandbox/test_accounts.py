from hitless.sandbox.accounts import FIRST_STAND_IN_ID, pick_ids, with_groups, with_users

_PASSWD = b"root:x:0:0:root:/root:/bin/bash\nhaproxy:x:102:105::/var/lib/haproxy:/usr/sbin/nologin\n"


def test_a_lacking_user_is_added() -> None:
    assert with_users(_PASSWD, {"edge": (7, 8)}) == _PASSWD + b"edge:x:7:8:stand-in:/:/usr/sbin/nologin\n"


def test_a_user_that_is_there_is_replaced() -> None:
    lines = with_users(_PASSWD, {"haproxy": (0, 0)}).splitlines()
    assert [line.split(b":")[2] for line in lines if line.startswith(b"haproxy:")] == [b"0"]
    assert lines[0].startswith(b"root:")


def test_a_group_is_added_to_an_empty_table() -> None:
    assert with_groups(b"", {"edge": 5}) == b"edge:x:5:\n"


def test_ids_are_free_and_different() -> None:
    ids = pick_ids(["b", "a", "b"], [FIRST_STAND_IN_ID, 0])
    assert ids == {"a": FIRST_STAND_IN_ID + 1, "b": FIRST_STAND_IN_ID + 2}
