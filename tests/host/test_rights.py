import os
import shutil
import subprocess
from pathlib import Path

import pytest

from hitless.host.errors import Denied, Gone, HostError
from hitless.host.rights import (
    CAP_DAC_OVERRIDE,
    CAP_SYS_CHROOT,
    Rights,
    parse_rights,
    read_hard_descriptor_limit,
    read_rights,
    read_security_label,
    rights_prefix,
)

STATUS = """Name:	haproxy
Uid:	0	102	102	102
Gid:	0	103	103	103
Groups:	103 4 
CapEff:	0000000000000400
CapBnd:	000001ffffffffff
"""  # noqa: W291 - the kernel ends the groups with a space
ROOT = Rights(0, 0, (), 0x1FF_FFFF_FFFF, 0x1FF_FFFF_FFFF)


def test_the_effective_user_counts() -> None:
    rights = parse_rights(STATUS)
    assert rights == Rights(102, 103, (4, 103), 1 << 10, 0x1FF_FFFF_FFFF)
    assert rights.has(10)
    assert not rights.has(CAP_SYS_CHROOT)


@pytest.mark.parametrize("status", ["", "Uid:\t0\n", STATUS.replace("00400", "00xyz")])
def test_what_does_not_say_it_is_an_error(status: str) -> None:
    with pytest.raises(HostError):
        parse_rights(status)


def test_our_own_rights_and_limit() -> None:
    rights = read_rights(os.getpid())
    assert (rights.uid, rights.gid) == (os.geteuid(), os.getegid())
    limit = read_hard_descriptor_limit(os.getpid())
    assert limit is None or limit > 0
    with pytest.raises(Gone):
        read_rights(2**22 + 1)


@pytest.mark.parametrize(
    ("line", "limit"),
    [
        ("Max open files            1024                 4096                 files", 4096),
        ("Max open files  1 unlimited files", None),
    ],
)
def test_the_hard_limit_is_the_second_number(tmp_path: Path, line: str, limit: int | None) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "limits").write_text(f"Limit Soft Hard Units\n{line}\n")
    assert read_hard_descriptor_limit(7, tmp_path) == limit
    (tmp_path / "7" / "limits").write_text("Max stack size 1 2 bytes\n")
    with pytest.raises(HostError):
        read_hard_descriptor_limit(7, tmp_path)


def test_who_has_the_rights_or_cannot_give_them_runs_things_as_they_are() -> None:
    assert rights_prefix(ROOT, ROOT) == ()
    assert rights_prefix(Rights(5, 5), Rights(6, 6)) == ()


@pytest.mark.parametrize(
    "wanted",
    [
        Rights(65534, 65534, (), 0, 0x1FF_FFFF_FFFF),
        Rights(65534, 65533, (4, 24), 1 << 2 | 1 << 10, 0x1FF_FFFF_FFFF),
        Rights(0, 0, (), ~(1 << CAP_DAC_OVERRIDE), ~(1 << CAP_DAC_OVERRIDE)),
        Rights(65534, 65534),
    ],
)
def test_a_program_gets_the_very_rights(wanted: Rights) -> None:
    ours = read_rights(os.getpid())
    if ours.uid != 0 or shutil.which("setpriv") is None:
        pytest.skip("only root gives rights away, with setpriv")
    # What we lack ourselves, nobody gets from us.
    wanted = Rights(
        wanted.uid,
        wanted.gid,
        wanted.groups,
        wanted.effective & ours.effective & ours.bounding,
        wanted.bounding & ours.bounding,
    )
    done = subprocess.run(
        [*rights_prefix(wanted, ours), "cat", "/proc/self/status"], capture_output=True, text=True, check=True
    )
    assert parse_rights(done.stdout) == wanted


def test_the_label_of_a_security_module(tmp_path: Path) -> None:
    assert read_security_label(7, tmp_path) == ""
    (tmp_path / "7" / "attr").mkdir(parents=True)
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
