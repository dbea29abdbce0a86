"""Start the short-lived process that tries to bind, give it its task, and take its answer; it is ended in time."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from hitless.errors import ReloadError
from hitless.host.errors import translated
from hitless.host.processes import PROC, format_ending
from hitless.reload.preflight.trial_task import (
    BinderRights,
    NameResult,
    TrialAnswer,
    TrialTask,
    decode_answer,
    encode,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hitless.gather.place import ProcessPlace
    from hitless.host.rights import Rights
    from hitless.reload.preflight.receivers import NameQuery

__all__ = ["TrialPlace", "resolve_names", "run_trial"]

TRIAL_DEADLINE_S = 30.0
"""Thousands of binds take less than a second; this is for a machine that hangs."""
NAME_DEADLINE_S = 10.0
"""Name services wait for 5 s before they ask the next server (resolv.conf(5))."""
_COMPLAINT_CHARACTERS = 300
_PROGRAM = ("-P", "-m", "hitless.reload.preflight.trial_child")


@dataclass(frozen=True, slots=True)
class TrialPlace:
    """Where HAProxy binds: the network namespace of a process, its files, the rights of whoever calls bind()."""

    network_pid: int
    place: ProcessPlace
    rights: Rights


def run_trial(task: TrialTask, where: TrialPlace, *, timeout_s: float = TRIAL_DEADLINE_S) -> TrialAnswer:
    """Return what came out of a task in this place.

    Raises: ReloadError if there is no answer, HostError if the namespace or the root cannot be opened.
    """
    opened: list[int] = []
    try:
        about = f"process {where.network_pid}"
        with translated(f"{about} is gone", f"the namespaces of {about} cannot be entered"):
            opened.append(os.open(PROC / str(where.network_pid) / "ns" / "net", os.O_RDONLY | os.O_CLOEXEC))
            own = os.stat("/proc/thread-self/ns/net")  # noqa: PTH116
            same = os.path.samestat(os.fstat(opened[0]), own)
            if where.place.foreign:
                opened.append(os.open(where.place.root.path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC))
        rights = BinderRights(
            uid=where.rights.uid,
            gid=where.rights.gid,
            groups=where.rights.groups,
            capabilities=where.rights.effective,
        )
        told = msgspec.structs.replace(
            task,
            network=-1 if same else opened[0],
            root=opened[1] if where.place.foreign else -1,
            rights=rights,
        )
        return _ask(told, opened, timeout_s)
    finally:
        for descriptor in opened:
            os.close(descriptor)


def resolve_names(
    queries: Sequence[NameQuery], where: TrialPlace, *, timeout_s: float = NAME_DEADLINE_S
) -> dict[NameQuery, NameResult]:
    """Return the address of each name as HAProxy would find it; what is not known in time is an error, not final."""
    if not queries:
        return {}
    if where.place.foreign and not where.place.mount_namespace:
        why = f"{where.place.why}: its name services are not ours to run"
        return dict.fromkeys(queries, NameResult(error=why))
    # Not its root: whatever it has there in place of our libraries is not to be loaded.
    ours = replace(where, place=replace(where.place, foreign=False))
    task = TrialTask(names=tuple((os.fsencode(query.host), query.family) for query in queries))
    try:
        answer = run_trial(task, ours, timeout_s=timeout_s)
    except ReloadError as error:
        return dict.fromkeys(queries, NameResult(error=error.message))
    if answer.refused:
        return dict.fromkeys(queries, NameResult(error=answer.refused))
    return dict(zip(queries, answer.names, strict=True))


def _ask(task: TrialTask, descriptors: Sequence[int], timeout_s: float) -> TrialAnswer:
    try:
        process = subprocess.Popen(
            [sys.executable, *_PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=descriptors,
        )
    except OSError as error:
        raise ReloadError(f"the process that tries to bind cannot be started: {error.strerror}") from error
    with process:
        try:
            output, complaint = process.communicate(encode(task), timeout_s)
        except subprocess.TimeoutExpired as error:
            raise ReloadError(f"no answer within {timeout_s:g} s") from error
        finally:
            if process.poll() is None:
                process.kill()
    try:
        return decode_answer(output)
    except msgspec.MsgspecError as error:
        said = complaint.decode(errors="backslashreplace").strip().rpartition("\n")[2][:_COMPLAINT_CHARACTERS]
        ending = format_ending(process.returncode)
        raise ReloadError(f"the process that tries to bind {ending}: {said or error}") from error
