"""Make changes true: write beside, ask HAProxy, keep what was, rename. In this order, and never another."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hitless.audit.fix.backups import forget, save
from hitless.config.arguments import parse_arguments
from hitless.control.binary import read_binary
from hitless.control.check import check_configuration
from hitless.facts import RunMode
from hitless.gather.views import FROM_A_SOCKET
from hitless.store import (
    ChangeError,
    Staged,
    below,
    discard,
    put_in_place,
    read_bytes,
    real_path,
    remove_empty_drop_in_directory,
    stage,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hitless.audit.fix.backups import Backup
    from hitless.config.arguments import HaproxyArguments
    from hitless.facts import ConfigurationFile, Instance, Snapshot
    from hitless.fixes import FileChange

__all__ = ["Applied", "apply_changes", "with_current_texts"]

_CHECK_TIMEOUT_S = 120.0
"""Loading many certificates takes minutes."""
_MESSAGES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Applied:
    """What was written, where the way back is, and how HAProxy was asked."""

    paths: tuple[str, ...]
    backup: str
    checks: tuple[str, ...]
    """The commands with which HAProxy accepted the result; () where it was not to be asked."""


def with_current_texts(snapshot: Snapshot, *, root: str = "/") -> Snapshot:
    """Return the snapshot with its configuration files as they are on disk: not redacted, every byte kept.

    With a root the snapshot is of the tree below it.

    Raises: ChangeError if one is not what the snapshot saw.
    """
    return msgspec.structs.replace(
        snapshot, instances=tuple(_with_current_texts(i, root) for i in snapshot.instances)
    )


def _with_current_texts(instance: Instance, root: str) -> Instance:
    files = tuple(file if file.problem else _current(file, root) for file in instance.configuration)
    return msgspec.structs.replace(instance, configuration=files)


def _current(file: ConfigurationFile, root: str) -> ConfigurationFile:
    data = read_bytes(real_path(below(root, file.path)))
    if data is None or hashlib.sha256(data).hexdigest() != file.sha256:
        raise ChangeError(f"{file.path} has changed since it was looked at.", hint="Run hitless again.")
    return msgspec.structs.replace(file, text=data.decode("utf-8", "surrogateescape"), encoding="utf-8")


def apply_changes(
    changes: Sequence[FileChange],
    snapshot: Snapshot,
    *,
    root: str = "/",
    backup_directory: str,
    check: bool = True,
) -> Applied:
    """Write these files. HAProxy must accept the configuration in the mode and with the flags of its service.

    Raises: ChangeError; nothing has been changed then, unless it says so.
    """
    waiting: list[Staged] = []
    try:
        for change in changes:
            # One by one: those that wait are discarded when a later one fails.
            waiting.append(stage(below(root, change.path), change.after.encode("utf-8", "surrogateescape")))  # noqa: PERF401
        checks = _ask(snapshot, changes, waiting, root) if check else ()
        after = [change.after.encode("utf-8", "surrogateescape") for change in changes]
        backup = save(backup_directory, [(s.path, s.before, a) for s, a in zip(waiting, after, strict=True)])
        paths = tuple(staged.path for staged in waiting)
        with _held_signals():
            _put_all(waiting, backup_directory, backup)
    finally:
        for staged in waiting:
            discard(staged.waiting)
            remove_empty_drop_in_directory(staged.path)
    return Applied(paths, backup.name, checks)


def _put_all(waiting: list[Staged], backup_directory: str, backup: Backup) -> None:
    """Put them in place and take them off the list, one by one. Raises: ChangeError."""
    whole = len(waiting)
    while waiting:
        try:
            put_in_place(waiting[0])
        except ChangeError as error:
            if len(waiting) == whole:
                forget(backup_directory, backup)
                raise ChangeError(f"{error.message} Nothing was changed.", hint=error.hint) from error
            raise ChangeError(
                f"{error.message} Files before it in the list have been changed.",
                hint=f"`hitless fix --undo {backup.name}` puts all of them back.",
            ) from error
        waiting.pop(0)


@contextlib.contextmanager
def _held_signals() -> Iterator[None]:
    """Let Ctrl-C wait for the renames: it comes before all of them or after."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ask(
    snapshot: Snapshot, changes: Sequence[FileChange], waiting: Sequence[Staged], root: str
) -> tuple[str, ...]:
    """Ask HAProxy about each instance whose configuration changes; return the commands."""
    candidates = {
        change.path: staged.waiting
        for change, staged in zip(changes, waiting, strict=True)
        if change.kind == "configuration"
    }
    touched = [i for i in snapshot.instances if any(file.path in candidates for file in i.configuration)]
    unchanged = {file.path: below(root, file.path) for instance in touched for file in instance.configuration}
    return tuple(_ask_one(instance, {**unchanged, **candidates}) for instance in touched)


def _ask_one(instance: Instance, candidates: dict[str, str]) -> str:
    if instance.binary is None or instance.binary.source.startswith(FROM_A_SOCKET):
        raise ChangeError(
            f"There is no HAProxy here to ask whether it accepts the result for {instance.name}; nothing was changed.",
            hint="Name one with --haproxy PATH, or write without asking with --no-check.",
        )
    if _is_another_users(instance, candidates):
        raise ChangeError(
            f"{instance.name} and its configuration belong to another user: HAProxy would run as root what "
            "stands there (Lua); nothing was changed.",
            hint="Run hitless as that user, or write without asking with --no-check.",
        )
    arguments = parse_arguments(instance.launch.arguments if instance.launch else ())
    flags = _flags(instance, arguments)
    directory = arguments.working_directory or (instance.launch.working_directory if instance.launch else "")
    result = check_configuration(
        read_binary(instance.binary.path),
        [candidates[file.path] for file in instance.configuration],
        flags=flags,
        environment=_environment(instance),
        working_directory=directory or None,
        timeout_s=_CHECK_TIMEOUT_S,
    )
    if not result.ok:
        names = {waiting: path for path, waiting in candidates.items()}
        said = [_named(message.text, names) for message in result.alerts] or [
            _named(result.raw.strip(), names)
        ]
        raise ChangeError(
            f"HAProxy does not accept the result for {instance.name}; nothing was changed. It says:\n"
            + "\n".join(said[:_MESSAGES_SHOWN]),
            hint="If it refuses for another reason (a file that is missing here), mend that first, or use --no-check.",
        )
    files = [word for file in instance.configuration for word in ("-f", file.path)]
    return " ".join([instance.binary.path, *flags, "-c", *files])


def _is_another_users(instance: Instance, candidates: dict[str, str]) -> bool:
    """Return whether root would run what somebody else wrote: for the processes of root, root does so anyway."""
    if os.geteuid() != 0 or not instance.processes or any(p.uid == 0 for p in instance.processes):
        return False
    return any(Path(candidates[file.path]).stat().st_uid != 0 for file in instance.configuration)


def _flags(instance: Instance, arguments: HaproxyArguments) -> list[str]:
    """Return the flags of the service that decide how the configuration is parsed."""
    mode = ["-Ws"] if arguments.systemd else []
    if not mode and (arguments.master_worker or instance.mode is RunMode.MASTER_WORKER):
        mode = ["-W"]
    warnings = ["-dW"] if arguments.zero_warning else []
    return [*mode, *warnings, *(["-L", arguments.local_peer] if arguments.local_peer else [])]


def _named(text: str, names: dict[str, str]) -> str:
    for waiting, path in names.items():
        text = text.replace(waiting, path)
    return text


def _environment(instance: Instance) -> dict[str, str] | None:
    if instance.launch is None or not instance.launch.environment:
        return None
    return {**os.environ, **dict(instance.launch.environment)}
