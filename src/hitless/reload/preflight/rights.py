"""What HAProxy may do as whoever starts it: change its root, its user, its group.

`haproxy -c` accepts all of that. Tried with -W as an unprivileged user on 2.2.9 to 3.2.26: a `chroot` (all), a `user`
or a `group` of others (2.6 to 3.2) that the configuration newly says kills the new worker; up to 3.0 that ends the
service, 3.2 serves on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.facts import RunMode
from hitless.findings import Evidence
from hitless.host.accounts import Accounts
from hitless.host.errors import HostError
from hitless.host.rights import CAP_SETGID, CAP_SETUID, CAP_SYS_CHROOT, Rights
from hitless.reload.preflight.answers import Answers
from hitless.reload.preflight.starter import start_rights

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.model import Directive
    from hitless.reload.preflight.options import PreflightOptions
    from hitless.reload.target import Target
    from hitless.reloads import PreflightCheck
    from hitless.subject import Subject

__all__ = ["Wish", "check_rights", "judge_rights", "wishes"]

_ANSWER = Answers("rights")
_ACCOUNTS = {"user": "user", "uid": "user", "group": "group", "gid": "group"}

Wish = tuple[str, str, int | None]
"""What `global` asks for: "chroot", "user" or "group"; FILE:LINE; the identifier, None where it is not known."""


def check_rights(target: Target, options: PreflightOptions) -> tuple[PreflightCheck, ...]:
    """Compare what the configuration asks for with the rights of whoever starts it."""
    del options
    try:
        rights = start_rights(target)
    except HostError as error:
        message = f"as whom HAProxy starts is not known: {error.message}"
        return (_ANSWER.unknown(message),)
    found = tuple(wishes(target.subject, Accounts(target.place.root)))
    ends = target.mode is RunMode.MASTER_WORKER and target.version < (3, 1)
    return (judge_rights(rights, found, ends_service=ends),)


def wishes(subject: Subject, accounts: Accounts) -> Iterator[Wish]:
    """Yield what the configuration asks for; the last line of a keyword counts."""
    for line in subject.in_global("chroot")[-1:]:
        yield "chroot", line.where, None
    for kind in ("user", "group"):
        lines = [d for keyword, of in _ACCOUNTS.items() if of == kind for d in subject.in_global(keyword)]
        for line in lines[-1:]:
            yield kind, line.where, _identifier(line, accounts)


def judge_rights(rights: Rights, found: tuple[Wish, ...], *, ends_service: bool) -> PreflightCheck:
    """Judge the wishes against the rights."""
    needed = {
        "chroot": (CAP_SYS_CHROOT, None),
        "user": (CAP_SETUID, rights.uid),
        "group": (CAP_SETGID, rights.gid),
    }
    denied = []
    for kind, where, identifier in found:
        capability, own = needed[kind]
        if not rights.has(capability) and (own is None or identifier != own):
            denied.append((kind, where))
    if not denied:
        message = f"whoever starts HAProxy (user {rights.uid}) may do what the configuration asks for"
        return _ANSWER.passed(message)
    kinds = ", ".join(f"`{kind}`" for kind, _ in denied)
    outcome = "end the service" if ends_service else "fail"
    return _ANSWER.failed(
        f"HAProxy is started as user {rights.uid}, who has no right to {kinds}: the reload would {outcome}",
        tuple(Evidence(text=f"{kind} in global", source=where) for kind, where in denied),
        hint="Take these lines out of `global`, or give the unit the capability.",
    )


def _identifier(line: Directive, accounts: Accounts) -> int | None:
    keyword, value = line.words[0], line.words[1] if len(line.words) > 1 else ""
    if keyword in {"uid", "gid"}:
        return int(value) if value.isascii() and value.isdigit() and len(value) < 11 else None
    return accounts.identifier(keyword, value)
