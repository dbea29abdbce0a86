"""Decide what stands in for what a configuration names and this machine lacks (pure).

Where the real file can be used it is used. The one that is changed although it is there is a `ca-file`: the
private authority is added, so that `verify required` accepts the clients and servers of the sandbox.
"""

import re
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from hitless.config.model import FileReference, Model
from hitless.records import StandIn
from hitless.sandbox.entry import TierKind

__all__ = [
    "Content",
    "PathState",
    "StandInPlan",
    "certificate_names",
    "plan_for_refusal",
    "plan_stand_ins",
]


class PathState(StrEnum):
    """What a path leads to, symbolic links followed."""

    ABSENT = "absent"
    FILE = "file"
    DIRECTORY = "directory"
    UNREADABLE = "unreadable"
    OTHER = "other"


class Content(StrEnum):
    """What is to be written; `hitless.sandbox.write_standins` has a writer for each."""

    ACL = "acl"
    AUTHORITY = "authority"
    CERTIFICATE = "certificate"
    CERTIFICATE_DIRECTORY = "certificate-directory"
    CRL = "crl"
    CRT_LIST = "crt-list"
    DH = "dh"
    DIRECTORY = "directory"
    EMPTY = "empty"
    ERROR_FILE = "error-file"
    GROUP = "group"
    LUA = "lua"
    MAP = "map"
    SERVER_STATE = "server-state"
    SPOE = "spoe"
    TICKET_KEYS = "ticket-keys"
    USER = "user"
    WRITABLE = "writable"


@dataclass(frozen=True, slots=True)
class StandInPlan:
    """One thing to be written in the private root, or made writable there."""

    content: Content
    kind: str
    """As in `FileReference.kind`."""
    path: str
    """The path; for a user or group its name."""
    where: str
    what: str = ""
    """A few words for the report; empty: nothing that anybody has to know."""
    names: tuple[str, ...] = ()
    """Host names for a certificate."""
    detail: str = ""

    def record(self) -> StandIn:
        """Return the entry for the report."""
        return StandIn(kind=self.kind, name=self.path, where=self.where, what=self.what)


@dataclass(frozen=True, slots=True)
class _Situation:
    exists: Callable[[str], PathState]
    tier: TierKind
    users: Container[str]
    groups: Container[str]
    host_names: tuple[str, ...]
    backend: str


def plan_stand_ins(
    model: Model,
    *,
    exists: Callable[[str], PathState],
    tier: TierKind,
    users: Container[str],
    groups: Container[str],
    host_names: Iterable[str] = (),
) -> tuple[StandInPlan, ...]:
    """Return what has to stand in, each path once, in the configuration's order.

    `users` and `groups`: names that the C library finds; `host_names` go into the certificates of binds.
    """
    backend = next((proxy.name for proxy in model.proxies if proxy.kind == "backend"), "")
    now = _Situation(exists, tier, users, groups, tuple(host_names), backend)
    plans: dict[tuple[str, str, str], StandInPlan] = {}
    for reference in model.file_references:
        for plan in _plan(reference, now):
            plans.setdefault((plan.content, plan.path, plan.detail), plan)
    return tuple(plans.values())


def plan_for_refusal(
    reference: FileReference, *, tier: TierKind, host_names: Iterable[str] = ()
) -> tuple[StandInPlan, ...]:
    """Return the stand-ins for something that HAProxy has refused, whatever the state of the file."""
    missing = _Situation(lambda _: PathState.ABSENT, tier, (), (), tuple(host_names), "")
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
_STATUS = re.compile(r"[1-5]\d\d")


def _plan(reference: FileReference, now: _Situation) -> tuple[StandInPlan, ...]:
    planner = _PLANNERS.get(reference.kind, _plan_file)
    return planner(reference, now)


def _plan_file(reference: FileReference, now: _Situation) -> tuple[StandInPlan, ...]:
    if now.exists(reference.path) is PathState.FILE:
        return ()
    content, what = _FILES.get(reference.kind, (Content.EMPTY, "an empty file"))
    detail = reference.detail
    if content is Content.ERROR_FILE:
        status = _STATUS.search(PurePosixPath(reference.path).name) or _STATUS.search(reference.detail)
        detail = status[0] if status else "503"
    if content is Content.SPOE:
        detail = f"{reference.detail} {now.backend}"
    return (StandInPlan(content, reference.kind, reference.path, reference.where, what, detail=detail),)


_FILES = {
    "acl": (Content.ACL, "an empty list: it matches nothing"),
    "crt-list": (Content.CRT_LIST, "a list with one self-made certificate"),
    "dh": (Content.DH, "the group ffdhe2048"),
    "error-file": (Content.ERROR_FILE, "a short answer of the same status"),
    "lua": (Content.LUA, "an empty script: what the real one registers is missing"),
    "map": (Content.MAP, "an empty map: every lookup gives the default"),
    "server-state": (Content.SERVER_STATE, "a state without servers"),
    "spoe": (Content.SPOE, "an agent that is never asked"),
    "ticket-keys": (Content.TICKET_KEYS, "three random keys"),
    "tls-ticket-keys": (Content.TICKET_KEYS, "three random keys"),
}


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
    there = reference.path == "@system-ca" or now.exists(reference.path) in {
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
    "group": _plan_account,
    "pidfile": _plan_directory_of,
    "socket": _plan_directory_of,
    "state-directory": _plan_directory,
    "user": _plan_account,
}
