import os
from pathlib import Path

import pytest

from hitless.host.errors import Denied, Gone, HostError
from hitless.host.rights import ProcessRights, read_rights, read_security_label

NOBODY = 0x7FFF_FFFF
NET_BIND_SERVICE = 10


def recorded(root: Path, status: str) -> Path:
    (root / "7").mkdir()
    (root / "7" / "status").write_text(status)
    return root


def test_our_own_rights() -> None:
    rights = read_rights(os.getpid())
    assert (rights.uid, rights.gid) == (os.geteuid(), os.getegid())
    assert set(rights.groups) == set(os.getgroups())


def test_the_effective_ones_count(tmp_path: Path) -> None:
    status = (
        "Name:\thaproxy\nUid:\t0\t99\t0\t99\nGid:\t0\t98\t0\t98\nGroups:\t98 4 \nCapEff:\t0000000000000400\n"
    )
    rights = read_rights(7, recorded(tmp_path, status))
    assert rights == ProcessRights(uid=99, gid=98, groups=(98, 4), capabilities=0x400)
    assert rights.has(NET_BIND_SERVICE)
    assert not rights.has(0)


def test_no_groups_at_all(tmp_path: Path) -> None:
    status = "Uid:\t1\t1\t1\t1\nGid:\t1\t1\t1\t1\nGroups:\t \nCapEff:\t0\n"
    assert read_rights(7, recorded(tmp_path, status)).groups == ()


@pytest.mark.parametrize("status", ["", "Uid:\t0\n", "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nCapEff:\tx\n"])
def test_a_status_without_them(tmp_path: Path, status: str) -> None:
    with pytest.raises(HostError):
        read_rights(7, recorded(tmp_path, status))


def test_a_process_that_is_gone() -> None:
    with pytest.raises(Gone):
        read_rights(NOBODY)


def test_the_label_of_a_security_module(tmp_path: Path) -> None:
    recorded(tmp_path, "")
    assert read_security_label(7, tmp_path) == ""
    (tmp_path / "7" / "attr").mkdir()
    (tmp_path / "7" / "attr" / "current").write_bytes(b"system_u:system_r:haproxy_t:s0\0")
    assert read_security_label(7, tmp_path) == "system_u:system_r:haproxy_t:s0"


def test_no_label_where_no_module_answers_and_none_of_what_may_not_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert isinstance(read_security_label(os.getpid()), str)

    def refuse(*_arguments: object, **_words: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(Denied):
        read_security_label(1)
