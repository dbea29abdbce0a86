"""Start the successor of a classic HAProxy: as the process was started that it is to take the place of.

Nothing is done to the old processes before `Successor.release_old`: the new one signals a stand-in (see `stand_in`).
Whatever fails before, they serve on.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

from hitless.errors import ReloadError
from hitless.host.errors import HostError, translated
from hitless.host.process_handle import ProcessHandle
from hitless.reload.likeness import Likeness
from hitless.reload.pid_file import KeptPidFile
from hitless.reload.stand_in import Start, encode_start
from hitless.reload.started_successor import Successor
from hitless.reload.succession import successor_command
from hitless.reload.successor_output import SuccessorOutput
from hitless.reload.successor_plan import SuccessorPlan, is_still, plan_successor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hitless.gather.place import ProcessPlace
    from hitless.reload.target import Target

__all__ = ["Successor", "start_successor"]


def start_successor(
    target: Target,
    *,
    transfer_from: str | None,
    files: Sequence[str] = (),
    plan: SuccessorPlan | None = None,
    pass_pauses: bool = False,
    deadline_s: float = 10.0,
) -> Successor:
    """Start a HAProxy that takes the place of the one that serves, as that one was started, or as `plan` says.

    `transfer_from` is the socket for -x. `plan` is what `plan_successor` has said, with `files`, if it has been asked.
    With `pass_pauses` the old processes stop listening while an address cannot be bound, as with HAProxy's own -sf.

    Raises: ReloadError if it cannot or must not be; HostError, Gone, Denied. Nothing is left behind then.
    """
    plan = plan or plan_successor(target, files=files)
    if transfer_from and not _is_seen(target.place, transfer_from):
        raise ReloadError(
            f"{transfer_from} is not there in the mount namespace of process {plan.predecessor.pid}."
        )
    with contextlib.ExitStack() as resources:
        # A master passes the signal on to its workers, and leaves with the last of them.
        leaving = (target.master,) if target.master else target.carriers
        old = [resources.enter_context(ProcessHandle(p.pid)) for p in leaving if is_still(p)]
        predecessor = next((process for process in old if process.pid == plan.predecessor.pid), None)
        if predecessor is None:
            raise ReloadError(f"Process {plan.predecessor.pid} has ended meanwhile.")
        unit = target.instance.unit.name if target.instance.unit else ""
        output = resources.enter_context(SuccessorOutput(predecessor, daemon=plan.daemon, unit=unit))
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        resources.enter_context(control)
        with theirs:
            start = _start(plan, transfer_from, output, old, pass_pauses, resources)
            pid_file = KeptPidFile(plan.pid_file)
            stand_in = _run_stand_in(start, theirs, output.errors_of_ours)
        successor = Successor(plan, stand_in, control, old, output, pid_file, resources.pop_all())
    try:
        successor.wait_pid(deadline_s)
    except BaseException:
        successor.withdraw()
        successor.close()
        raise
    return successor


def _is_seen(place: ProcessPlace, path: str) -> bool:
    """Return whether the successor finds at this path what we find there."""
    if not place.foreign:
        return True
    with translated(f"{path} is not there", f"{path} cannot be seen"):
        ours = os.stat(path)  # noqa: PTH116 - compared below
    try:
        return os.path.samestat(place.root.stat(path), ours)
    except HostError:
        return False


def _start(
    plan: SuccessorPlan,
    transfer_from: str | None,
    output: SuccessorOutput,
    old: Sequence[ProcessHandle],
    pass_pauses: bool,  # noqa: FBT001 - handed through
    resources: contextlib.ExitStack,
) -> Start:
    traits, account = plan.traits, plan.account
    command = successor_command(plan.arguments, plan.program, transfer_from=transfer_from, files=plan.files)
    return Start(
        likeness=Likeness(
            control_groups=traits.control_group_files,
            limits=[(number, *limit) for number, limit in traits.limits.items()],
            nice=traits.nice,
            oom_score_adj=traits.oom_score_adj,
            umask=traits.umask,
            namespaces=_open_namespaces(traits.pid, traits.other_namespaces, resources),
            uid=account.uid,
            gid=account.gid,
            groups=account.groups,
            bounding=traits.capabilities.bounding,
            inheritable=account.inheritable,
            ambient=account.ambient,
            no_new_privileges=traits.no_new_privileges,
            directory=plan.directory,
        ),
        program=command.program,
        before=command.before,
        after=command.after,
        environment=plan.environment,
        output=output.output,
        errors=output.errors,
        old=[process.fileno() for process in old],
        pass_pauses=pass_pauses,
    )


def _open_namespaces(pid: int, kinds: Sequence[str], resources: contextlib.ExitStack) -> list[int]:
    """Return descriptors of the namespaces of a process, the mount namespace last: then its files are those seen."""
    opened = []
    for kind in sorted(kinds, key=lambda kind: kind == "mnt"):
        with translated(f"process {pid} is gone", f"the namespaces of process {pid} cannot be opened"):
            opened.append(os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC))
        resources.callback(os.close, opened[-1])
    return opened


def _run_stand_in(start: Start, control: socket.socket, errors: int) -> subprocess.Popen[bytes]:
    """Run the program that starts HAProxy; it may say nothing but errors of its own."""
    passed = {start.output, start.errors, *start.old, *start.likeness.namespaces, control.fileno()}
    with os.fdopen(os.memfd_create("hitless: a start", os.MFD_CLOEXEC), "w+b") as file:
        file.write(encode_start(start))
        file.flush()
        file.seek(0)
        words = [str(file.fileno()), str(control.fileno())]
        try:
            return subprocess.Popen(
                [sys.executable, "-P", "-m", "hitless.reload.stand_in", *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                pass_fds=(file.fileno(), *passed),
                start_new_session=True,
            )
        except OSError as error:
            raise ReloadError(f"{sys.executable} cannot be started: {error.strerror}.") from error
