"""Look at a classic HAProxy, and say how its successor is to be started; nothing is changed."""

from __future__ import annotations

import os
import posixpath
import resource
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hitless.config.arguments import parse_arguments
from hitless.errors import ReloadError
from hitless.facts import RunMode
from hitless.gather.launch import RUN_VARIABLE, environment_for_another, without_reload
from hitless.gather.place import others_can_change
from hitless.host.errors import Gone, HostError
from hitless.host.process_traits import read_socket_owners, read_traits
from hitless.host.processes import read_command_line, read_executable, read_status
from hitless.host.root import printable
from hitless.reload.conversion import convert_arguments
from hitless.reload.succession import (
    Account,
    choose_account,
    runs_as_daemon,
    trusted_environment,
    why_irreplaceable,
)
from hitless.store import ChangeError, read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hitless.facts import Process
    from hitless.gather.place import ProcessPlace
    from hitless.host.process_traits import ProcessTraits
    from hitless.reload.conversion import Conversion
    from hitless.reload.target import Target

__all__ = ["SuccessorPlan", "is_still", "plan_successor"]

_ELF = b"\x7fELF"
_USUAL_SOFT_LIMIT = 1024
"""Of open files, as services begin: HAProxy raises it for itself, and gives it back to the checks that it runs."""


@dataclass(frozen=True, slots=True)
class SuccessorPlan:
    """How a successor is started."""

    predecessor: Process
    """The classic process that serves, or the master."""
    arguments: tuple[str, ...]
    """Of the running process, as they are; converted, where the successor is to be something else."""
    program: str
    """In its own mount namespace; whatever stands there now is what runs."""
    files: tuple[str, ...]
    """Configuration files in place of its own; () for its own."""
    environment: Mapping[str, str] = field(repr=False)
    directory: str
    daemon: bool
    account: Account
    traits: ProcessTraits
    pid_file: str = ""
    """Which HAProxy writes when it goes into the background or is a master, as it is reached from here; "" without."""
    master_worker: bool = False
    """What is started is a master; its children serve."""
    notes: tuple[str, ...] = ()


def is_still(process: Process) -> bool:
    """Return whether a process has the command line that it was seen with: its number may mean another by now.

    Raises: Denied.
    """
    try:
        return tuple(printable(word) for word in read_command_line(process.pid)) == process.arguments
    except Gone:
        return False


def plan_successor(
    target: Target, *, files: Sequence[str] = (), conversion: Conversion | None = None
) -> SuccessorPlan:
    """Return how the successor of the process that serves is to be started.

    `files` are other configuration files than those of its command line. With `conversion` it becomes something else,
    and its unit is the caller's to look after; `target` has the configuration that it will load.

    Raises: ReloadError if it cannot or must not be replaced from here; HostError if it cannot be looked at.
    """
    current = target.current
    main = current if conversion is None else target.master or current
    if current is None or main is None or (conversion is None and target.mode is not RunMode.CLASSIC):
        raise ReloadError("There is no process of a classic HAProxy that serves.")
    if not is_still(main):
        raise ReloadError(f"Process {main.pid} has ended meanwhile.")
    traits = read_traits(main.pid)
    unit = target.instance.unit if conversion is None else None
    why = why_irreplaceable(traits, unit) or _why_foreign(target.place)
    if why:
        raise ReloadError(f"No other process can take the place of this one: {why}.")
    if RUN_VARIABLE in target.environment and main.parent_pid not in {1, *_ancestors()}:
        raise ReloadError(
            f"Process {main.parent_pid}, `hitless run`, runs this HAProxy, and would take its end for the service's.",
            hint=f"It reloads HAProxy itself: kill -HUP {main.parent_pid}.",
        )
    arguments = read_command_line(main.pid)
    account = choose_account(
        traits,
        our_uid=os.geteuid(),
        drops_rights=any(target.subject.in_global(word) for word in ("user", "uid", "chroot")),
        made_by=read_socket_owners(current.pid, set(current.listening_inodes or ())),
    )
    plan = SuccessorPlan(
        predecessor=main,
        arguments=arguments,
        program=_program(target.place, arguments[0], read_executable(main.pid)),
        files=tuple(files),
        environment=environment_for_another(target.environment),
        directory=target.directory,
        daemon=False,
        account=account,
        traits=_starting_traits(traits, may_raise=bool(target.subject.in_global("insecure-setuid-wanted"))),
    )
    plan = _with_background(plan if conversion is None else _converted(plan, conversion), target)
    return _with_trust(plan, target) if account.raised else plan


def _ancestors() -> Iterator[int]:
    """Yield who has started us: what is orphaned comes to them."""
    pid = os.getpid()
    while pid > 1:
        try:
            pid = read_status(pid).parent_pid
        except HostError:
            return
        yield pid


def _converted(plan: SuccessorPlan, conversion: Conversion) -> SuccessorPlan:
    """Return the plan with what becomes different."""
    program = conversion.program or plan.program
    notify = {"NOTIFY_SOCKET": conversion.notify_socket} if conversion.notify_socket else {}
    return replace(
        plan,
        program=program,
        arguments=convert_arguments(without_reload(plan.arguments), conversion, program),
        files=conversion.files,
        environment={**plan.environment, **notify},
    )


def _with_background(plan: SuccessorPlan, target: Target) -> SuccessorPlan:
    """Return the plan with how it goes into the background, and which pid file it then writes."""
    words = parse_arguments(plan.arguments)
    daemon = runs_as_daemon(words, configured=bool(target.subject.in_global("daemon")))
    name = ""
    if daemon or words.master_worker:
        configured = [d.words[1] for d in target.subject.in_global("pidfile") if len(d.words) > 1]
        name = words.pid_file or next(reversed(configured), "")
    pid_file = _reached(target.place, plan.directory, name) if name else ""
    return replace(plan, daemon=daemon, pid_file=pid_file, master_worker=words.master_worker)


def _starting_traits(traits: ProcessTraits, *, may_raise: bool) -> ProcessTraits:
    """Return what to start with, from a HAProxy that has changed some of it for itself.

    It raises the soft limit of open files. Once it has made its threads it forbids itself further ones and processes,
    unless `insecure-fork-wanted` stands in `global`, and to gain privileges, unless `insecure-setuid-wanted` does
    (`may_raise`).

    Source: v2.2.0 and v3.2.0 src/haproxy.c run_thread_poll_loop().
    """
    _, hard = traits.limits.get(resource.RLIMIT_NOFILE, resource.getrlimit(resource.RLIMIT_NOFILE))
    soft = _USUAL_SOFT_LIMIT if hard == resource.RLIM_INFINITY else min(hard, _USUAL_SOFT_LIMIT)
    kept = {n: limit for n, limit in traits.limits.items() if (n, limit[0]) != (resource.RLIMIT_NPROC, 0)}
    return replace(
        traits,
        limits={**kept, resource.RLIMIT_NOFILE: (soft, hard)},
        no_new_privileges=traits.no_new_privileges and may_raise,
    )


def _why_foreign(place: ProcessPlace) -> str:
    return f"{place.why}; run hitless there" if place.foreign and not place.mount_namespace else ""


def _program(place: ProcessPlace, first_word: str, executable: str) -> str:
    """Return the path of the program: as it was started by, so that a new version behind a link is what runs.

    A wrapper script may stand at this path; then it is where the running program was.
    """
    path = executable.removesuffix(" (deleted)")
    if posixpath.isabs(first_word):
        try:
            if place.root.read_bytes(first_word, limit_bytes=len(_ELF))[0] == _ELF:
                path = first_word
        except HostError:  # it is not there any more
            pass
    try:
        place.root.stat(path)
    except HostError as error:
        raise ReloadError(f"The program of HAProxy cannot be started: {error.message}.") from error
    return path


def _reached(place: ProcessPlace, directory: str, name: str) -> str:
    path = posixpath.normpath(posixpath.join(directory, name))
    return f"{place.root.path}{path}" if place.foreign else path


def _with_trust(plan: SuccessorPlan, target: Target) -> SuccessorPlan:
    """Return the plan with what may be passed on to a process that gets root's rights again.

    Raises: ReloadError if what it would run, load or overwrite is in others' hands.
    """
    problem = next(_mistrusted(plan, target), "")
    if problem:
        raise ReloadError(
            f"Root has started this HAProxy, and it runs as user {plan.traits.uid}: its successor is not started as "
            f"root, because {problem}.",
            hint="Only root may be able to change what root runs: look at owner and mode of the file and of the "
            "directories above it.",
        )
    environment, left_out = trusted_environment(plan.environment)
    notes = (f"variables that load code are not passed on: {', '.join(left_out)}",) if left_out else ()
    return replace(plan, environment=environment, notes=(*plan.notes, *notes))


def _mistrusted(plan: SuccessorPlan, target: Target) -> Iterator[str]:
    root = target.place.root
    own = [file.path for file in target.instance.configuration]
    named = [posixpath.join(plan.directory, name) for name in plan.files]
    for path in (plan.program, *own, *named):
        if others_can_change(root, path):
            yield f"another user can change {path}"
    if plan.pid_file and not _is_pid_file(plan.pid_file):
        yield f"{plan.pid_file}, which it would overwrite, is no pid file"


def _is_pid_file(path: str) -> bool:
    """Return whether a file is missing, or holds numbers alone."""
    try:
        data = read_bytes(path)
    except ChangeError:
        return False
    return all(word.isdigit() for word in (data or b"").split())
