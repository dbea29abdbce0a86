"""Judge the paths of unix sockets: nothing is tried on them, since HAProxy replaces what stands there. Pure.

What HAProxy does: a link PATH.PID.bak to what is there, bind() to PATH.PID.tmp, chown(), rename() over PATH. An error
on the way is final: the reload fails at once, without a pause.

Source: HAProxy 2.8 src/sock_unix.c sock_unix_bind_receiver(); Linux v6.18 fs/namei.c may_linkat(), check_sticky();
tried on 2.2.9, 2.6.12, 2.8.25, 3.0.11, 3.2.26.
"""

from __future__ import annotations

import errno
import posixpath
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.findings import Evidence
from hitless.host.root import printable
from hitless.reload.preflight.bind_facts import CHECK, BindFacts, consequence, error_text
from hitless.reload.preflight.receivers import Kind, Receiver
from hitless.reloads import CheckState, PreflightCheck

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.reload.preflight.socket_view import SeenSocket
    from hitless.reload.preflight.trial_task import PathResult

__all__ = ["judge_paths"]

_LIMIT_BYTES = 97
"""Of the path as it is written: ".PID.tmp" comes behind it. 98 are refused by 2.2 to 3.2."""
_CHOWN, _FOWNER = 0, 3


def judge_paths(facts: BindFacts) -> Iterator[PreflightCheck]:
    """Yield what is wrong with the unix sockets that HAProxy will have to bind."""
    listening = _Listening(facts)
    for position, planned in facts.planned(Kind.UNIX):
        seen = facts.paths.get(position)
        if seen is None:
            continue  # said once for all that could not be looked at
        owner = facts.owners.get(position, (None, None))
        yield from _Path(facts, planned.receiver, seen, owner, listening).judge()


@dataclass(frozen=True, slots=True)
class _Path:
    facts: BindFacts
    receiver: Receiver
    seen: PathResult
    owner: tuple[int | None, int | None]
    listening: _Listening

    def judge(self) -> Iterator[PreflightCheck]:
        wrong = self._wrong()
        if wrong is not None:
            why, hint = wrong
            then = consequence(self.facts, self.receiver, retried=False)
            yield self._check(CheckState.FAILED, f"{self.receiver.title}: {why}: {then}", hint)
            return
        behind = self.listening.behind(self.receiver, self.seen)
        stranger = next((socket for socket in behind if not self.facts.is_own(socket)), None)
        if stranger is not None:
            yield self._check(
                CheckState.FAILED,
                f"{self.receiver.title} is served by {stranger.holder}: HAProxy would silently take the path from it",
                "Give each of the two its own path, or end the one that should not run.",
                Evidence(
                    text=f"{stranger.endpoint} inode {stranger.inode}, held by {stranger.holder}",
                    source="unix_diag",
                ),
            )
        elif self.seen.kind not in {"missing", "socket"}:
            yield self._check(
                CheckState.WARNED,
                f"{self.receiver.title}: a {self.seen.kind} stands there, and HAProxy would replace it",
                "Look whether anybody needs it.",
            )

    def _check(self, state: CheckState, message: str, hint: str, *more: Evidence) -> PreflightCheck:
        path = printable(self.receiver.host)
        looked = Evidence(text=f"{path}: {self.seen.kind}, uid {self.seen.uid}", source=f"stat {path}")
        return PreflightCheck(name=CHECK, state=state, message=message, hint=hint, evidence=(looked, *more))

    def _wrong(self) -> tuple[str, str] | None:
        """Return why it cannot be bound, and what to do about it."""
        size = len(self.receiver.endpoint.encode())
        if size > _LIMIT_BYTES:
            return (
                f"the path has {size} bytes, and HAProxy takes {_LIMIT_BYTES}",
                f"A path of at most {_LIMIT_BYTES} bytes.",
            )
        return self._wrong_directory() or self._wrong_file() or self._wrong_owner()

    def _wrong_directory(self) -> tuple[str, str] | None:
        directory = printable(posixpath.dirname(self.receiver.host))
        number = self.seen.directory_errno
        if number in {errno.ENOENT, errno.ENOTDIR}:
            what = "does not exist" if number == errno.ENOENT else "is no directory"
            return f"{directory} {what}", f"install -d -m 0755 {directory}"
        if number:
            who = self.facts.binder.title
            return f"{who} cannot reach {directory} ({error_text(number)})", f"Let {who} into {directory}."
        if self.seen.write_errno:
            who, why = self.facts.binder.title, error_text(self.seen.write_errno)
            return f"{who} cannot write {directory} ({why})", f"Let {who} own {directory}."
        return None

    def _wrong_file(self) -> tuple[str, str] | None:
        kind, rights = self.seen.kind, self.facts.binder.rights
        path = printable(self.receiver.host)
        if kind == "directory":
            return "a directory stands there, which HAProxy cannot keep by a link", "Another path."
        if kind in {"missing", "unreadable"} or self.seen.uid == rights.uid or rights.has(_FOWNER):
            return None
        whose = f"the {kind} there belongs to uid {self.seen.uid}"
        hint = f"chown {rights.uid} {path}"
        if self._links_are_protected() and not self.seen.safe_to_link:
            who = self.facts.binder.title
            return f"{whose}, and fs.protected_hardlinks=1 forbids {who} to keep it by a link", hint
        if self.seen.sticky and self.seen.directory_uid != rights.uid:
            return f"{whose}, in a sticky directory, so that it cannot be replaced", hint
        return None

    def _links_are_protected(self) -> bool:
        view = self.facts.views.get("")
        return (view.sysctls.get("fs.protected_hardlinks") if view else None) != "0"

    def _wrong_owner(self) -> tuple[str, str] | None:
        uid, gid = self.owner
        rights = self.facts.binder.rights
        if rights.has(_CHOWN):
            return None
        who = self.facts.binder.title
        if uid is not None and uid != rights.uid:
            return f"{who} cannot give the socket to uid {uid} (no CAP_CHOWN)", "Leave `user` out."
        if gid is not None and gid not in {rights.gid, *rights.groups}:
            return f"{who} cannot give the socket to gid {gid}, which it is not in", "Leave `group` out."
        return None


class _Listening:
    """The unix sockets that are listened on, by file and by name."""

    def __init__(self, facts: BindFacts) -> None:
        self._by_file: defaultdict[tuple[int, int], list[SeenSocket]] = defaultdict(list)
        self._by_name: defaultdict[str, list[SeenSocket]] = defaultdict(list)
        for view in facts.views.values():
            for socket in view.sockets:
                if socket.kind is Kind.UNIX:
                    self._by_name[socket.endpoint].append(socket)
                    if socket.file is not None:
                        self._by_file[socket.file].append(socket)

    def behind(self, receiver: Receiver, seen: PathResult) -> list[SeenSocket]:
        """Return what the path leads to: by its file; by its name where files cannot be compared.

        The kernel keeps the name of a socket whose file was replaced since; on an overlay file system the two numbers
        of one file can differ.
        """
        if seen.kind != "socket":
            return []
        file = (seen.device, seen.inode & 0xFFFF_FFFF)
        named = [
            socket
            for name in {receiver.endpoint, printable(receiver.host)}
            for socket in self._by_name.get(name, ())
            if socket.file is None or socket.file[0] != file[0]
        ]
        return [*self._by_file.get(file, ()), *named]
