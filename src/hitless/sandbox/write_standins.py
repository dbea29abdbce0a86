"""Write the planned stand-ins into the private root (only ever inside the sandbox)."""

import base64
import grp
import os
import pwd
import secrets
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from hitless.records import StandIn
from hitless.sandbox.accounts import pick_ids, with_groups, with_users
from hitless.sandbox.authority import WorldCertificates, open_authority
from hitless.sandbox.private_files import (
    make_directory,
    make_writable,
    place_file,
    remove_file,
    require_sandbox,
)
from hitless.sandbox.standin_plan import Content, PathState, StandInPlan

if TYPE_CHECKING:
    from hitless.sandbox.certificates import Authority

__all__ = ["WorldCertificates", "known_groups", "known_users", "read_path_state", "write_stand_ins"]

_SYSTEM_AUTHORITIES = "/etc/ssl/certs"
_READ_LIMIT_BYTES = 16 * 1024 * 1024


def read_path_state(path: str) -> PathState:
    """Return what a path leads to and whether this process can read it."""
    try:
        mode = Path(path).stat().st_mode
    except PermissionError:
        return PathState.UNREADABLE
    except (FileNotFoundError, NotADirectoryError):
        return PathState.ABSENT
    if stat.S_ISDIR(mode):
        return PathState.DIRECTORY if os.access(path, os.R_OK | os.X_OK) else PathState.UNREADABLE
    if stat.S_ISREG(mode):
        return PathState.FILE if os.access(path, os.R_OK) else PathState.UNREADABLE
    return PathState.OTHER


def known_users() -> frozenset[str]:
    """Return the names of the users that the C library lists here."""
    return frozenset(entry.pw_name for entry in pwd.getpwall())


def known_groups() -> frozenset[str]:
    """Return the names of the groups that the C library lists here."""
    return frozenset(entry.gr_name for entry in grp.getgrall())


def write_stand_ins(
    plans: Iterable[StandInPlan], *, directory: str = "/run/hitless", server_names: Iterable[str] = ()
) -> tuple[tuple[StandIn, ...], WorldCertificates]:
    """Write every plan, and into `directory` what servers and clients present; return what to report.

    Called again with the same directory, it uses the authority and the certificates that are there. Without
    plans nothing but `directory` is touched, so that it may be called in the loopback tier, too.
    Raises: SandboxError outside a sandbox if there are plans, or where something cannot be written.
    """
    todo = tuple(plans)
    if todo:
        require_sandbox()
    authority, certificates = open_authority(directory, server_names)
    _write_accounts(todo)
    for plan in todo:
        writer = _WRITERS.get(plan.content)
        if writer is not None:
            writer(plan, authority)
    return tuple(plan.record() for plan in todo if plan.what), certificates


def _write_accounts(plans: tuple[StandInPlan, ...]) -> None:
    groups = _ids(plans, Content.GROUP, (entry.gr_gid for entry in grp.getgrall()))
    users = _ids(plans, Content.USER, (entry.pw_uid for entry in pwd.getpwall()))
    if groups:
        place_file("/etc/group", with_groups(_read("/etc/group"), groups))
    if users:
        # the group of the same name if there is one, as distributions do
        primary = {entry.gr_name: entry.gr_gid for entry in grp.getgrall()} | groups
        entries = {name: (uid, primary.get(name, uid)) for name, uid in users.items()}
        place_file("/etc/passwd", with_users(_read("/etc/passwd"), entries))


def _ids(plans: tuple[StandInPlan, ...], content: Content, taken: Iterable[int]) -> dict[str, int]:
    ours = [plan for plan in plans if plan.content is content]
    free = pick_ids((plan.path for plan in ours if not plan.detail), taken)
    return free | {plan.path: int(plan.detail) for plan in ours if plan.detail}


def _read(path: str) -> bytes:
    """Return a file's bytes, bounded; nothing if it is not there."""
    if not Path(path).is_file():
        return b""
    with Path(path).open("rb") as file:
        return file.read(_READ_LIMIT_BYTES)


def _write_certificate(plan: StandInPlan, authority: "Authority") -> None:
    place_file(plan.path, authority.issue_pem(plan.names), mode=0o600)


def _write_certificate_directory(plan: StandInPlan, authority: "Authority") -> None:
    make_directory(plan.path.rstrip("/"))
    place_file(f"{plan.path.rstrip('/')}/stand-in.pem", authority.issue_pem(plan.names), mode=0o600)


def _write_crt_list(plan: StandInPlan, authority: "Authority") -> None:
    certificate = f"{plan.path}.stand-in.pem"
    place_file(certificate, authority.issue_pem(plan.names), mode=0o600)
    place_file(plan.path, f"{certificate}\n".encode())


def _write_authority(plan: StandInPlan, authority: "Authority") -> None:
    _add_pem(plan.path, authority.certificate_pem())


def _write_crl(plan: StandInPlan, authority: "Authority") -> None:
    _add_pem(plan.path, authority.revocation_list_pem())


def _add_pem(path: str, pem: bytes) -> None:
    if path == "@system-ca":
        path = _SYSTEM_AUTHORITIES
        make_directory(path)
    if Path(path).is_dir():
        place_file(f"{path.rstrip('/')}/hitless-stand-in.pem", pem)
        return
    place_file(path, _read(path).rstrip(b"\n") + b"\n" + pem)


def _write_dh(plan: StandInPlan, _: "Authority") -> None:
    from hitless.sandbox.certificates import make_dh_parameters  # cryptography is slow to import

    place_file(plan.path, make_dh_parameters())


def _write_error_file(plan: StandInPlan, _: "Authority") -> None:
    body = f"hitless stand-in for {Path(plan.path).name}\n".encode("ascii", "replace")
    head = (
        f"HTTP/1.1 {plan.detail} Stand-in\r\nContent-Length: {len(body)}\r\nContent-Type: text/plain\r\n\r\n"
    )
    place_file(plan.path, head.encode() + body)


def _write_detail(plan: StandInPlan, _: "Authority") -> None:
    place_file(plan.path, plan.detail.encode())


def _write_ticket_keys(plan: StandInPlan, _: "Authority") -> None:
    place_file(
        plan.path, b"\n".join(base64.b64encode(secrets.token_bytes(48)) for _ in range(3)) + b"\n", mode=0o600
    )


def _make_writable(plan: StandInPlan, _: "Authority") -> None:
    make_writable(plan.path)
    if plan.detail:
        remove_file(plan.detail)


def _writer_of(data: bytes) -> "Callable[[StandInPlan, Authority], None]":
    return lambda plan, _: place_file(plan.path, data)


_WRITERS: "dict[Content, Callable[[StandInPlan, Authority], None]]" = {
    Content.ACL: _writer_of(b""),
    Content.AUTHORITY: _write_authority,
    Content.CERTIFICATE: _write_certificate,
    Content.CERTIFICATE_DIRECTORY: _write_certificate_directory,
    Content.CRL: _write_crl,
    Content.CRT_LIST: _write_crt_list,
    Content.DH: _write_dh,
    Content.DIRECTORY: lambda plan, _: make_directory(plan.path),
    Content.EMPTY: _writer_of(b""),
    Content.ERROR_FILE: _write_error_file,
    Content.LUA: _write_detail,
    Content.MAP: _writer_of(b""),
    Content.SCRIPT: lambda plan, _: place_file(plan.path, b"#!/bin/sh\nexit 0\n", mode=0o755),
    Content.SERVER_STATE: _writer_of(b"1\n"),
    Content.SPOE: _write_detail,
    Content.TICKET_KEYS: _write_ticket_keys,
    Content.WRITABLE: _make_writable,
}
"""Users and groups are not here: they share two files."""
