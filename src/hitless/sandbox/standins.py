"""Decide what stands in for what a configuration names and this machine lacks (pure).

Where the real file can be used it is used. The one that is changed although it is there is a `ca-file`: the
private authority is added, so that `verify required` accepts the clients and servers of the sandbox.
"""

import re
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from hitless.config.model import Bind, FileReference, Model
from hitless.sandbox.entry import TierKind
from hitless.sandbox.lua_standin import lua_script
from hitless.sandbox.spoe_standin import spoe_agent
from hitless.sandbox.standin_plan import Content, PathState, StandInPlan

__all__ = ["certificate_names", "plan_for_refusal", "plan_stand_ins"]

_SYSTEM_AUTHORITIES = "@system-ca"


@dataclass(frozen=True, slots=True)
class _Situation:
    model: Model
    exists: Callable[[str], PathState]
    tier: TierKind
    users: Container[str]
    groups: Container[str]
    host_names: tuple[str, ...]

    def words_at(self, where: str) -> tuple[str, ...]:
        """Return the words of the line at a place; of a bind, its keywords."""
        for bind in _binds(self.model):
            if bind.where == where:
                return tuple(bind.options)
        proxied = (directive for proxy in self.model.proxies for directive in proxy.directives)
        lines = (directive for directive in (*self.model.global_, *proxied) if directive.where == where)
        return next((line.words for line in lines), ())


def _binds(model: Model) -> Iterator[Bind]:
    for proxy in model.proxies:
        yield from proxy.binds


def plan_stand_ins(
    model: Model,
    *,
    exists: Callable[[str], PathState],
    tier: TierKind,
    users: Container[str],
    groups: Container[str],
    host_names: Iterable[str] = (),
) -> tuple[StandInPlan, ...]:
    """Return what has to stand in, each thing once, in order; nothing in the loopback tier.

    `users` and `groups`: names that the C library finds; `host_names` go into the certificates of binds.
    """
    if tier is TierKind.LOOPBACK:
        return ()
    now = _Situation(model, exists, tier, users, groups, tuple(host_names))
    plans: dict[tuple[str, str, str], StandInPlan] = {}
    for reference in (*model.file_references, *_system_authorities(model)):
        for plan in _plan(reference, now):
            plans.setdefault((plan.content, plan.path, plan.detail), plan)
    return tuple(plans.values())


def _system_authorities(model: Model) -> Iterator[FileReference]:
    """Yield the servers that are verified against the system's authorities: no file of the configuration."""
    for proxy in model.proxies:
        for server in proxy.servers:
            if _SYSTEM_AUTHORITIES in server.options.get("ca-file", ()):
                yield FileReference("ca", _SYSTEM_AUTHORITIES, server.where, "server")


def plan_for_refusal(
    reference: FileReference, *, tier: TierKind, model: Model | None = None, host_names: Iterable[str] = ()
) -> tuple[StandInPlan, ...]:
    """Return the stand-ins for what HAProxy has refused, whatever the state of the file.

    With the `model`, the line that names a file tells more about what it must hold.
    """
    if tier is TierKind.LOOPBACK:
        return ()
    known = model or Model((), (), ())
    missing = _Situation(known, lambda _: PathState.ABSENT, tier, (), (), tuple(host_names))
    return _plan(reference, missing)


def certificate_names(model: Model) -> tuple[str, ...]:
    """Return the names under which HAProxy will verify the servers of the sandbox's world."""
    names: dict[str, None] = {}
    for proxy in model.proxies:
        for server in proxy.servers:
            words = [server.address.host] if server.address.kind in {"ip", "name"} else []
            for keyword in ("sni", "check-sni", "verifyhost"):
                words += [_CONSTANT.sub(r"\1", word) for word in server.options.get(keyword, ())]
            names.update(dict.fromkeys(word for word in words if _HOST.fullmatch(word)))
    return tuple(names)


_CONSTANT = re.compile(r"str\(['\"]?([^)'\"]*)['\"]?\)")
_HOST = re.compile(r"[A-Za-z0-9_.:*-]+")
_STATUS = re.compile(r"\b[1-5]\d\d\b")


def _plan(reference: FileReference, now: _Situation) -> tuple[StandInPlan, ...]:
    return _PLANNERS.get(reference.kind, _plan_file)(reference, now)


def _plan_file(reference: FileReference, now: _Situation) -> tuple[StandInPlan, ...]:
    if now.exists(reference.path) is PathState.FILE:
        return ()
    content, what = _FILES.get(reference.kind, (Content.EMPTY, "an empty file"))
    return (StandInPlan(content, reference.kind, reference.path, reference.where, what),)


_FILES = {
    "acl": (Content.ACL, "an empty list: it matches nothing"),
    "crt-list": (Content.CRT_LIST, "a list with one self-made certificate"),
    "dh": (Content.DH, "the group ffdhe2048"),
    "map": (Content.MAP, "an empty map: every lookup gives the default"),
    "server-state": (Content.SERVER_STATE, "a state without servers"),
    "ticket-keys": (Content.TICKET_KEYS, "three random keys"),
}


def _plan_error_file(reference: FileReference, now: _Situation) -> tuple[StandInPlan, ...]:
    if now.exists(reference.path) is PathState.FILE:
        return ()
    words = [*now.words_at(reference.where), PurePosixPath(reference.path).name, "503"]
    status = next(found[0] for word in words if (found := _STATUS.search(word)))
    what = f"a short answer {status}"
    return (
        StandInPlan(Content.ERROR_FILE, "error-file", reference.path, reference.where, what, detail=status),
    )


def _plan_lua(reference: FileReference, now: _Situation) -> tuple[StandInPlan, ...]:
    if now.exists(reference.path) is PathState.FILE:
        return ()
    what = "a script that registers the names in use: actions and fetches do nothing, services answer 200"
    script = lua_script(now.model)
    return (StandInPlan(Content.LUA, "lua", reference.path, reference.where, what, detail=script),)


def _plan_spoe(reference: FileReference, now: _Situation) -> tuple[StandInPlan, ...]:
    if now.exists(reference.path) is PathState.FILE:
        return ()
    words = now.words_at(reference.where)
    engine = words[words.index("engine") + 1] if "engine" in words[:-1] else ""
    what = "an agent that is never asked"
    detail = spoe_agent(engine, now.model)
    return (StandInPlan(Content.SPOE, "spoe", reference.path, reference.where, what, detail=detail),)


def _plan_other(reference: FileReference, now: _Situation) -> tuple[StandInPlan, ...]:
    words = now.words_at(reference.where)
    if "issuers-chain-path" in words:
        return _plan_directory(reference, now)
    if now.exists(reference.path) is PathState.FILE:
        return ()
    content, what = Content.EMPTY, "an empty file"
    if "tls-ticket-keys" in words:
        content, what = _FILES["ticket-keys"]
    elif reference.detail == "external-check":
        content, what = Content.SCRIPT, "a script that always succeeds"
    elif reference.detail == "crt-store key":
        content, what = Content.CERTIFICATE, "the key of a self-made certificate"
    return (StandInPlan(content, reference.kind, reference.path, reference.where, what),)


def _plan_account(reference: FileReference, now: _Situation) -> tuple[StandInPlan, ...]:
    is_user = reference.kind == "user"
    content = Content.USER if is_user else Content.GROUP
    if now.tier is TierKind.USER:
        what = "the only identity in the sandbox of an ordinary user: root there, you outside"
        return (StandInPlan(content, reference.kind, reference.path, reference.where, what, detail="0"),)
    if reference.path in (now.users if is_user else now.groups):
        return ()
    what = "a private entry with a free id"
    return (StandInPlan(content, reference.kind, reference.path, reference.where, what),)


def _plan_directory_of(reference: FileReference, now: _Situation) -> tuple[StandInPlan, ...]:
    """Plan for a file that HAProxy itself makes: a socket or a pid file."""
    directory = str(PurePosixPath(reference.path).parent)
    kind = f"{reference.kind}-directory"
    if now.exists(directory) is not PathState.DIRECTORY:
        return (StandInPlan(Content.DIRECTORY, kind, directory, reference.where, "an empty directory"),)
    if now.tier is TierKind.USER:
        # what lies at the path may be another user's: HAProxy could neither link, rename nor truncate it
        return (StandInPlan(Content.WRITABLE, kind, directory, reference.where, detail=reference.path),)
    return ()


def _plan_chroot(reference: FileReference, now: _Situation) -> tuple[StandInPlan, ...]:
    """Plan for the directory and the `dev` in it, where the log socket is bound."""
    plans = list(_plan_directory(reference, now))
    inner = f"{reference.path.rstrip('/')}/dev"
    plans.append(StandInPlan(Content.DIRECTORY, reference.kind, inner, reference.where))
    if now.tier is TierKind.USER:
        plans.append(StandInPlan(Content.WRITABLE, reference.kind, inner, reference.where))
    return tuple(plans)


def _plan_directory(reference: FileReference, now: _Situation) -> tuple[StandInPlan, ...]:
    if now.exists(reference.path) is PathState.DIRECTORY:
        return ()
    what = "an empty directory"
    return (StandInPlan(Content.DIRECTORY, reference.kind, reference.path, reference.where, what),)


def _plan_certificate(reference: FileReference, now: _Situation) -> tuple[StandInPlan, ...]:
    state = now.exists(reference.path)
    key_is_readable = now.exists(f"{reference.path}.key") is not PathState.UNREADABLE
    if state is PathState.DIRECTORY or (state is PathState.FILE and key_is_readable):
        return ()
    content, what = Content.CERTIFICATE, "a self-made certificate"
    if reference.kind == "certificate-directory" or reference.path.endswith("/"):
        content, what = Content.CERTIFICATE_DIRECTORY, "a directory with one self-made certificate"
    if state is not PathState.ABSENT:
        what += ": the real one (or its key) cannot be read by this user"
    names = (*now.host_names, *_names_of(reference.path))
    return (StandInPlan(content, reference.kind, reference.path, reference.where, what, names),)


def _names_of(path: str) -> tuple[str, ...]:
    """Return the host names that a certificate's file name suggests: "www.example.com.pem"."""
    stem = PurePosixPath(path.rstrip("/")).name
    stem = re.sub(r"\.(pem|crt|cer|cert|rsa|ecdsa|bundle|combined)$", "", stem)
    return (stem, f"*.{stem}") if "." in stem and _HOST.fullmatch(stem) else ()


def _plan_authority(reference: FileReference, now: _Situation) -> tuple[StandInPlan, ...]:
    content = Content.AUTHORITY if reference.kind == "ca" else Content.CRL
    there = reference.path == _SYSTEM_AUTHORITIES or now.exists(reference.path) in {
        PathState.FILE,
        PathState.DIRECTORY,
    }
    what = (
        "the private authority of the sandbox"
        if content is Content.AUTHORITY
        else "a list that revokes nothing"
    )
    what += ", added to the real one" if there else ""
    return (StandInPlan(content, reference.kind, reference.path, reference.where, what),)


_PLANNERS = {
    "ca": _plan_authority,
    "certificate": _plan_certificate,
    "certificate-directory": _plan_certificate,
    "chroot": _plan_chroot,
    "crl": _plan_authority,
    "error-directory": _plan_directory,
    "error-file": _plan_error_file,
    "group": _plan_account,
    "lua": _plan_lua,
    "other": _plan_other,
    "pidfile": _plan_directory_of,
    "socket": _plan_directory_of,
    "spoe": _plan_spoe,
    "state-directory": _plan_directory,
    "user": _plan_account,
}
