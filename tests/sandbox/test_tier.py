import errno
from pathlib import Path

import pytest

from hitless.sandbox.entry import EntryRefusal, TierKind
from hitless.sandbox.tier import Restrictions, explain_refusal, read_restrictions

_UNSHARE = EntryRefusal(
    step="unshare", errno=errno.EPERM, detail="Operation not permitted: new namespaces USER"
)
_PROC = EntryRefusal(step="filesystem", errno=errno.EPERM, detail="Operation not permitted: /tmp/root/proc")


def _restrictions(
    *,
    uid: int = 1000,
    has_sys_admin: bool = False,
    seccomp: bool = False,
    masked: bool = False,
    most: int | None = 1000,
    clone: int | None = None,
    apparmor: int | None = None,
) -> Restrictions:
    return Restrictions(uid, has_sys_admin, seccomp, masked, most, clone, apparmor)


@pytest.mark.parametrize(
    ("kind", "refusal", "restrictions", "said"),
    [
        (TierKind.ROOT, _UNSHARE, _restrictions(), "sudo"),
        (TierKind.ROOT, _UNSHARE, _restrictions(uid=0), "CAP_SYS_ADMIN"),
        (
            TierKind.ROOT,
            _UNSHARE,
            _restrictions(uid=0, has_sys_admin=True, seccomp=True),
            "seccomp=unconfined",
        ),
        (TierKind.USER, _UNSHARE, _restrictions(most=0), "user.max_user_namespaces"),
        (TierKind.USER, _UNSHARE, _restrictions(clone=0), "kernel.unprivileged_userns_clone"),
        (TierKind.USER, _UNSHARE, _restrictions(apparmor=1), "apparmor_restrict_unprivileged_userns=0"),
        (TierKind.USER, _UNSHARE, _restrictions(seccomp=True), "seccomp=unconfined"),
        (TierKind.USER, _UNSHARE, _restrictions(), "security module"),
        (TierKind.USER, _PROC, _restrictions(masked=True), "systempaths=unconfined"),
        (TierKind.USER, _PROC, _restrictions(), "namespaces were granted"),
    ],
)
def test_the_reason_is_the_one_that_the_machine_shows(
    kind: TierKind, refusal: EntryRefusal, restrictions: Restrictions, said: str
) -> None:
    sentence = explain_refusal(kind, refusal, restrictions)
    assert said in sentence
    assert refusal.detail in sentence


def test_restrictions_are_read(tmp_path: Path) -> None:
    (tmp_path / "self").mkdir()
    (tmp_path / "self/status").write_text("Name:\tx\nCapEff:\t0000000000200000\nSeccomp:\t2\n")
    (tmp_path / "self/mountinfo").write_text("1 2 0:5 / /proc/kcore rw - tmpfs tmpfs rw\n")
    switches = tmp_path / "sys/user"
    switches.mkdir(parents=True)
    (switches / "max_user_namespaces").write_text("0\n")
    found = read_restrictions(root=tmp_path)
    assert found.has_sys_admin
    assert found.has_seccomp_filter
    assert found.proc_is_masked
    assert found.max_user_namespaces == 0
    assert found.unprivileged_userns_clone is None
