"""`python -m hitless.sandbox.enter SETTINGS-JSON PROGRAM ARGS...`: make the sandbox and run a program in it.

The chain is hitless → this process → the first process inside (`hitless.sandbox.init`) → the program. Each
link dies by SIGKILL when the one before it ends, however it ends.
"""

import os
import select
import signal
import sys
from pathlib import Path
from typing import NoReturn

from hitless.sandbox.entry import (
    REFUSED_STATUS,
    EntryMessage,
    EntryRefusal,
    EntryReport,
    EntrySettings,
    TierKind,
    decode_settings,
    encode,
)
from hitless.sandbox.filesystem import enter_private_root
from hitless.sandbox.init import run_init, wait_forwarding_signals
from hitless.sandbox.network import (
    COPIED_SYSCTLS,
    REPORTED_SYSCTLS,
    SANDBOX_SYSCTLS,
    read_sysctls,
    set_up_network,
)
from hitless.sandbox.syscalls import Namespace, drop_descriptors, set_parent_death_signal, unshare

_SEPARATE = Namespace.MOUNT | Namespace.NET | Namespace.PID | Namespace.IPC | Namespace.UTS


class _Reporter:
    """Writes the lines that the parent reads; remembers the step, to name it if it fails."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._step = ""

    def step(self, name: str) -> None:
        self._step = name
        self._write(EntryMessage(step=name))

    def refuse(self, error: OSError) -> NoReturn:
        detail = f"{error.strerror}: {error.filename}" if error.filename else str(error.strerror)
        self._write(
            EntryMessage(refused=EntryRefusal(step=self._step, errno=error.errno or 0, detail=detail))
        )
        os._exit(REFUSED_STATUS)

    def entered(self, report: EntryReport) -> None:
        self._write(EntryMessage(entered=report))
        os.close(self._descriptor)

    def _write(self, message: EntryMessage) -> None:
        os.write(self._descriptor, encode(message) + b"\n")


def _die_with_parent(parent_pid: int) -> None:
    """Ask for the parent-death signal; if the parent ended before that took effect, end now."""
    set_parent_death_signal(signal.SIGKILL)
    if os.getppid() != parent_pid:
        os._exit(REFUSED_STATUS)


def _map_identity(uid: int, gid: int) -> None:
    """Make the one identity of this process root of its user namespace.

    Source: user_namespaces(7): without rights outside, only oneself, after denying setgroups.
    """
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
        Path(f"/proc/self/{name}").write_text(text, encoding="ascii")


def _separate(tier: TierKind, reporter: _Reporter) -> None:
    uid, gid = os.getuid(), os.getgid()
    reporter.step("unshare")
    if tier is TierKind.ROOT:
        unshare(_SEPARATE)
        return
    unshare(Namespace.USER)
    reporter.step("identity")
    _map_identity(uid, gid)
    reporter.step("unshare-inside")
    unshare(_SEPARATE)


def _become_first_process(
    settings: EntrySettings,
    program: tuple[str, ...],
    host_sysctls: dict[str, str],
    reporter: _Reporter,
    life: int,
) -> NoReturn:
    """Set the sandbox up from inside and run the program. `life` hangs up when the launcher has ended."""
    set_parent_death_signal(signal.SIGKILL)
    watch = select.poll()
    watch.register(life, select.POLLHUP)
    if watch.poll(0):
        os._exit(REFUSED_STATUS)
    copied = {name: host_sysctls[name] for name in COPIED_SYSCTLS if name in host_sysctls}
    init_pid = int(Path("/proc/self").readlink().name)
    try:
        reporter.step("filesystem")
        limitations = enter_private_root(in_user_namespace=settings.tier is TierKind.USER)
        reporter.step("network")
        limitations += set_up_network(copied | SANDBOX_SYSCTLS | dict(settings.sysctls))
    except OSError as error:
        reporter.refuse(error)
    report = EntryReport(
        tier=settings.tier, init_pid=init_pid, limitations=limitations, host_sysctls=host_sysctls
    )
    reporter.entered(report)
    os.close(life)
    run_init(program, frozenset(settings.keep_fds))


def main(arguments: list[str]) -> NoReturn:
    """Enter the sandbox. The exit status is the program's, or 125 if there is no sandbox."""
    settings, program = decode_settings(arguments[0]), tuple(arguments[1:])
    _die_with_parent(settings.parent_pid)
    reporter = _Reporter(settings.report_fd)
    host_sysctls = read_sysctls((*COPIED_SYSCTLS, *REPORTED_SYSCTLS))
    try:
        _separate(settings.tier, reporter)
        _die_with_parent(settings.parent_pid)  # gaining rights in a user namespace has cleared it
        life, held = os.pipe()
        child = os.fork()
    except OSError as error:
        reporter.refuse(error)
    if child == 0:
        os.close(held)
        _become_first_process(settings, program, host_sysctls, reporter, life)
    drop_descriptors(frozenset({held}))
    os._exit(wait_forwarding_signals(child))


if __name__ == "__main__":
    main(sys.argv[1:])
