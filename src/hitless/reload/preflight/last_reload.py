"""Whether the last reload failed, and whether the master would therefore run this one without the transfer of sockets.

Tried by provoking failures (a refused configuration, an address that cannot be bound), with and without -S, before and
after good reloads, and by comparing the inodes of the listening sockets across the good reload that followed:

- 2.2.9: lost after a refused configuration, after which a failed bind ends the service; kept after a failed bind.
- 2.6.12, 2.8.25, 3.0.11: never lost.
- 3.2.26: lost after either, and after a configuration that the master itself could not read.

In each of these the reload after that has the transfer again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.config.arguments import parse_arguments
from hitless.facts import RunMode
from hitless.findings import Evidence
from hitless.host.errors import HostError
from hitless.reload.preflight.answers import Answers
from hitless.reload.safety_net import read_migrate_req
from hitless.subject import Transfer
from hitless.subject.lifetimes import failed_reload

if TYPE_CHECKING:
    from hitless.reload.preflight.options import PreflightOptions
    from hitless.reload.target import Target
    from hitless.reloads import PreflightCheck

__all__ = ["check_last_reload", "judge_last_reload", "transfer_is_lost"]

_ANSWER = Answers("last-reload")
_MIGRATE = "net.ipv4.tcp_migrate_req"
_WAITS = "HAPROXY_MWORKER_WAIT_ONLY"
"""What a master that gave up loading tells its next life (2.2 src/haproxy.c mworker_reexec_waitmode())."""


def check_last_reload(target: Target, options: PreflightOptions) -> tuple[PreflightCheck, ...]:
    """Look at what the target holds, and at the kernel's setting in its network namespace."""
    failed = failed_reload(target.subject)
    unit = target.subject.unit
    if failed is None and unit is not None and unit.status_text.startswith("Reload failed"):
        failed = Evidence(text=f"StatusText={unit.status_text}", source=f"systemctl show {unit.name}")
    return (
        judge_last_reload(
            failed,
            transfer_is_lost(target),
            migrates=_migrates(target),
            no_reuseport=target.subject.arguments.no_reuseport
            or bool(target.subject.in_global("noreuseport")),
            bind_failure_ends_service=target.version < (2, 5),
            remedy=options.transfer_remedy,
        ),
    )


def transfer_is_lost(target: Target) -> str:
    """Return why the master would run the next reload without the transfer of sockets, "" if it would not.

    Pure. Only the loss by a failed reload: a configuration that never had the transfer is `Subject.transfer`.
    """
    master, current = target.master, target.current
    if target.mode is not RunMode.MASTER_WORKER or master is None or current is None:
        return ""
    words = parse_arguments(master.arguments)
    if target.version >= (3, 1):
        return _lost_by_newer(target, words.soft_stop_pids or words.hard_stop_pids or ())
    # From 2.5 on, every master waits after having loaded; up to then only one that failed to.
    gave_up = _WAITS in target.environment
    if (2, 0) <= target.version < (2, 5) and gave_up and not words.transfer_from and _had_transfer(target):
        return f"the last reload was refused, and master {master.pid} does not know any more whom to ask for sockets"
    return ""


def judge_last_reload(
    failed: Evidence | None,
    lost: str,
    *,
    migrates: bool,
    no_reuseport: bool,
    bind_failure_ends_service: bool,
    remedy: str = "",
) -> PreflightCheck:
    """Judge what the last reload left.

    Without the transfer the new process opens its own sockets beside the old ones, and what waits in the old ones'
    queues is reset; with net.ipv4.tcp_migrate_req=1 the kernel moves it (0 resets measured).
    """
    if not lost and failed:
        message = "the last reload failed; this one has the transfer of sockets all the same"
        return _ANSWER.warned(message, (failed,))
    if not lost:
        return _ANSWER.passed("nothing shows that the last reload failed")
    evidence = (*([failed] if failed else []), Evidence(text=lost, source="the master's command line"))
    also = ", and if a bind fails as well it ends the service" if bind_failure_ends_service else ""
    if remedy or (migrates and not no_reuseport):
        how = remedy or f"{_MIGRATE}=1: the kernel moves what waits"
        return _ANSWER.warned(f"{lost}: this reload has no transfer of sockets{also}; {how}", evidence)
    return _ANSWER.failed(
        f"{lost}: this reload would reset connections that wait to be accepted{also}",
        evidence,
        hint=f"sysctl -w {_MIGRATE}=1 (Linux 5.14 and later); the reload after this one has the transfer again.",
    )


def _lost_by_newer(target: Target, asked_to_leave: tuple[str, ...]) -> str:
    """A master of 3.1 and later is executed with the pids that its new worker is to replace.

    The one that serves among them: either the reload is still going on, or it failed. Source: src/mworker.c
    mworker_env_to_proc_list(), which then takes every worker for a leaving one.
    """
    current = target.current
    starting = any(process.generation is None for process in target.carriers)
    if current is None or starting or str(current.pid) not in asked_to_leave:
        return ""
    return f"the last reload failed, and the master takes worker {current.pid}, which serves, for one that is leaving"


def _migrates(target: Target) -> bool:
    """Return whether the kernel moves waiting connections; what cannot be seen is no help to count on."""
    try:
        return target.current is not None and read_migrate_req(target.current.pid) == "1"
    except HostError:
        return False


def _had_transfer(target: Target) -> bool:
    return target.subject.transfer == Transfer.STATS_SOCKET
