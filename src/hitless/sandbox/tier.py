"""How much privacy this machine grants, found out by doing it, and why not more."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from hitless.sandbox.entry import EntryRefusal, TierKind
from hitless.sandbox.mountinfo import mounts_below, parse_mountinfo
from hitless.sandbox.namespace import EntryRefusedError, start_in_sandbox

__all__ = ["Restrictions", "Tier", "explain_refusal", "probe_tier", "read_restrictions"]

_CAP_SYS_ADMIN = 21
_PROBE = (sys.executable, "-I", "-S", "-c", "")
"""A program that does nothing: that it runs shows that Python can be started inside."""


@dataclass(frozen=True, slots=True)
class Tier:
    """The best tier that works here. `why` says for each better one why it does not; empty for the best."""

    kind: TierKind
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Restrictions:
    """What the kernel and the container say about namespaces; None where this kernel has no such switch."""

    uid: int
    has_sys_admin: bool
    has_seccomp_filter: bool
    proc_is_masked: bool
    max_user_namespaces: int | None = None
    unprivileged_userns_clone: int | None = None
    """Debian's and Ubuntu's own switch (kernel.unprivileged_userns_clone)."""
    apparmor_restrict_unprivileged_userns: int | None = None
    """Ubuntu's since 23.10."""


def probe_tier(*, timeout_s: float = 20.0) -> Tier:
    """Return the best tier; each is tried by a short-lived child that makes all of it and runs a program.

    Raises: SandboxError if a child hangs or cannot be started.
    """
    restrictions = read_restrictions()
    reasons: list[str] = []
    for kind in (TierKind.ROOT, TierKind.USER):
        try:
            with start_in_sandbox(kind, _PROBE) as probe:
                probe.wait_ready(timeout_s=timeout_s)
                status = probe.wait(timeout_s=timeout_s)
        except EntryRefusedError as error:
            reasons.append(explain_refusal(kind, error.refusal, restrictions))
            continue
        if status == 0:
            return Tier(kind, tuple(reasons))
        reasons.append(f"{_NAMES[kind]}: {sys.executable} does not start in the sandbox (status {status})")
    return Tier(TierKind.LOOPBACK, tuple(reasons))


_NAMES = {TierKind.ROOT: "namespaces as root", TierKind.USER: "a user namespace"}


def explain_refusal(kind: TierKind, refusal: EntryRefusal, restrictions: Restrictions) -> str:
    """Return a sentence: which tier, what was refused, the likely reason, and what the operator can do."""
    cause = _cause(kind, refusal, restrictions)
    return f"{_NAMES[kind]}: {refusal.detail} at {refusal.step}; {cause}"


def _cause(kind: TierKind, refusal: EntryRefusal, now: Restrictions) -> str:
    """Return the most specific reason that the restrictions support."""
    if refusal.step in {"filesystem", "network"}:
        if now.proc_is_masked and refusal.detail.endswith("/proc"):
            return (
                "parts of /proc are covered here, as in containers, and then the kernel gives no new one: run"
                " the container with --security-opt systempaths=unconfined (Kubernetes: procMount: Unmasked)"
            )
        return "the namespaces were granted, but not what has to be done in them"
    reasons = _root_reasons(now) if kind is TierKind.ROOT else _user_reasons(now)
    seccomp = (
        "a seccomp filter is on, as in containers: run with --security-opt seccomp=unconfined, "
        "or outside the container"
    )
    reasons += ((now.has_seccomp_filter, seccomp), (True, "the kernel or a security module refuses it"))
    return next(reason for applies, reason in reasons if applies)


def _root_reasons(now: Restrictions) -> tuple[tuple[bool, str], ...]:
    return (
        (now.uid != 0, "not root: run hitless with sudo for it"),
        (
            not now.has_sys_admin,
            "this root lacks CAP_SYS_ADMIN: run the container with --cap-add SYS_ADMIN or --privileged",
        ),
    )


def _user_reasons(now: Restrictions) -> tuple[tuple[bool, str], ...]:
    apparmor = (
        "AppArmor takes its rights away (Ubuntu 23.10 and later): "
        "sysctl kernel.apparmor_restrict_unprivileged_userns=0, or run with sudo"
    )
    return (
        (now.max_user_namespaces == 0, "the kernel allows none: sysctl user.max_user_namespaces is 0"),
        (
            now.unprivileged_userns_clone == 0,
            "the kernel allows them to root alone: sysctl kernel.unprivileged_userns_clone is 0",
        ),
        (now.apparmor_restrict_unprivileged_userns == 1, apparmor),
    )


def read_restrictions(*, root: Path = Path("/proc")) -> Restrictions:
    """Read what this process may do.

    Raises: OSError if /proc is not there.
    """
    status = dict(
        line.split(":", 1)
        for line in (root / "self/status").read_text(encoding="utf-8", errors="replace").splitlines()
        if ":" in line
    )
    capabilities = int(status.get("CapEff", "0").strip(), 16)
    masked = mounts_below(parse_mountinfo((root / "self/mountinfo").read_bytes()), "/proc")
    return Restrictions(
        uid=os.geteuid(),
        has_sys_admin=bool(capabilities >> _CAP_SYS_ADMIN & 1),
        has_seccomp_filter=status.get("Seccomp", "0").strip() == "2",
        proc_is_masked=any(mount.fstype not in {"binfmt_misc", "autofs"} for mount in masked),
        max_user_namespaces=_read_switch(root / "sys/user/max_user_namespaces"),
        unprivileged_userns_clone=_read_switch(root / "sys/kernel/unprivileged_userns_clone"),
        apparmor_restrict_unprivileged_userns=_read_switch(
            root / "sys/kernel/apparmor_restrict_unprivileged_userns"
        ),
    )


def _read_switch(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):  # this kernel has no such switch, or a container hides it
        return None
