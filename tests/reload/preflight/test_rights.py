from pathlib import Path

import pytest

from hitless.host.accounts import Accounts
from hitless.host.rights import CAP_SETGID, CAP_SETUID, CAP_SYS_CHROOT, Rights
from hitless.host.root import HostRoot
from hitless.reload.preflight.rights import Wish, judge_rights, wishes
from hitless.reloads import CheckState
from tests.reload.preflight.targets import target

NOBODY = Rights(65534, 65534)
ROOT = Rights(0, 0, (), 1 << CAP_SETUID | 1 << CAP_SETGID | 1 << CAP_SYS_CHROOT)


@pytest.mark.parametrize(
    ("rights", "found", "state"),
    [
        (ROOT, (("chroot", "a:1", None), ("user", "a:2", 102), ("group", "a:3", 103)), CheckState.PASSED),
        (NOBODY, (), CheckState.PASSED),
        (NOBODY, (("user", "a:2", 65534), ("group", "a:3", 65534)), CheckState.PASSED),
        (NOBODY, (("chroot", "a:1", None),), CheckState.FAILED),
        (NOBODY, (("user", "a:2", 102),), CheckState.FAILED),
        (NOBODY, (("user", "a:2", None),), CheckState.FAILED),
        (NOBODY, (("group", "a:3", 0),), CheckState.FAILED),
        (Rights(0, 0), (("chroot", "a:1", None),), CheckState.FAILED),
    ],
)
def test_wishes_against_rights(rights: Rights, found: tuple[Wish, ...], state: CheckState) -> None:
    assert judge_rights(rights, found, ends_service=True).state is state


def test_what_the_reload_would_do_is_said() -> None:
    denied = (("chroot", "a:1", None), ("user", "a:2", 102))
    ends = judge_rights(NOBODY, denied, ends_service=True)
    assert ends.message.endswith("no right to `chroot`, `user`: the reload would end the service")
    assert [e.source for e in ends.evidence] == ["a:1", "a:2"]
    assert judge_rights(NOBODY, denied, ends_service=False).message.endswith("the reload would fail")


def test_the_last_line_of_each_counts(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "passwd").write_text("haproxy:x:102:103::/:/bin/false\n")
    (tmp_path / "etc" / "group").write_text("haproxy:x:103:\n")
    accounts = Accounts(HostRoot(tmp_path, live=False))
    text = "global\n    chroot /a\n    user somebody\n    uid 5\n    group haproxy\n"
    found = list(wishes(target(text).subject, accounts))
    assert [(kind, identifier) for kind, _, identifier in found] == [
        ("chroot", None),
        ("user", 5),
        ("group", 103),
    ]
    assert next(wishes(target("global\n    user nobody-here\n").subject, accounts))[2] is None
    assert list(wishes(target().subject, accounts)) == []
