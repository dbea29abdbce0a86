import grp
import pwd
from pathlib import Path

from hitless.host.accounts import Accounts
from hitless.host.root import HostRoot


def test_accounts_of_a_tree_are_those_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "passwd").write_bytes(
        b"root:x:0:0::/root:/bin/sh\nhaproxy:x:112:117:::\n:x:5:\nbad:x:y:1\nbig:x:99999999999\n\xff\n"
        b"haproxy:x:999:1\nhuge:x:4294967296:1\n"
    )
    (tmp_path / "etc" / "group").write_text("haproxy:x:117:a,b\n")
    accounts = Accounts(HostRoot(tmp_path, live=False))
    found = accounts.read(["haproxy", "nobody", "bad", "huge", "haproxy"], ["haproxy", "no\0group"])
    assert [(a.kind, a.name, a.identifier) for a in found] == [
        ("user", "haproxy", 112),
        ("user", "nobody", None),
        ("user", "bad", None),
        ("user", "huge", None),
        ("group", "haproxy", 117),
        ("group", "no\0group", None),
    ]
    assert accounts.name("user", 112) == "haproxy"
    assert accounts.name("group", 5) == ""


def test_a_tree_without_accounts(tmp_path: Path) -> None:
    accounts = Accounts(HostRoot(tmp_path, live=False))
    assert accounts.identifier("user", "root") is None
    assert accounts.name("user", 0) == ""


def test_this_host_asks_its_name_services() -> None:
    accounts = Accounts(HostRoot())
    user, group = pwd.getpwuid(0).pw_name, grp.getgrgid(0).gr_name
    assert accounts.identifier("user", user) == 0
    assert accounts.identifier("group", group) == 0
    assert (accounts.name("user", 0), accounts.name("group", 0)) == (user, group)
    for name in ("no\0account", "", "\ud800", "no-such-account"):
        assert accounts.identifier("user", name) is None
        assert accounts.identifier("group", name) is None
    assert accounts.name("user", 2**40) == ""
    assert accounts.name("user", -7) == ""
