from hitless.sandbox.world.hosts import parse_hosts


def test_names_with_all_their_addresses() -> None:
    text = "127.0.0.1 localhost lb1\n::1 localhost # no\nfe80::1%lo odd\n# 10.0.0.1\nnonsense x\n127.0.0.1 LB1.\n"
    assert parse_hosts(text) == {
        "localhost": ("127.0.0.1", "::1"),
        "lb1": ("127.0.0.1",),
        "odd": ("fe80::1",),
    }
