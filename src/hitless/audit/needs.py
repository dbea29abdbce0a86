"""Whether the facts that a rule needs are there: what was not seen is not checked, and never passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need
from hitless.facts import RunMode

if TYPE_CHECKING:
    from hitless.audit.rule import Rule
    from hitless.subject import Subject

__all__ = ["missing_need"]


def missing_need(subject: Subject, rule: Rule) -> str:
    """Return what the rule needs and the snapshot lacks, in words; "" if it has all."""
    lacking = [str(need) for need in Need if need in rule.needs and not _is_there(subject, need)]
    return ", ".join(lacking)


def _is_there(subject: Subject, need: Need) -> bool:
    instance, host = subject.instance, subject.host
    if need is Need.CONFIGURATION:
        # With a part of it unread, what is "missing" may stand there.
        return bool(subject.files) and not any(file.problem for file in instance.configuration)
    if need is Need.VERSION:
        return subject.version is not None
    if need is Need.MODE:
        return instance.mode is not RunMode.UNKNOWN
    if need is Need.LOGGING:
        # A receiver that was not seen must not be taken for one that is not there.
        logging = host.logging if host is not None else None
        return logging is not None and None not in {logging.udp_listeners, logging.unix_datagram_sockets}
    of_instance = {
        Need.LAUNCH: instance.launch,
        Need.UNIT: instance.unit,
        Need.PROCESSES: instance.processes,
        Need.MASTER: instance.master,
        Need.WORKERS: instance.workers,
        Need.CHECK: instance.check,
    }
    if need in of_instance:
        return of_instance[need] is not None
    of_host = {
        Need.SYSCTLS: "sysctls",
        Need.ADDRESSES: "addresses",
        Need.LISTENING: "listening",
        Need.UNIX_LISTENING: "unix_listening",
        Need.PATHS: "paths",
        Need.ACCOUNTS: "accounts",
        Need.KEEPALIVED: "keepalived",
        Need.SCRIPTS: "scripts",
        Need.TMPFILES: "tmpfiles",
    }
    return host is not None and getattr(host, of_host[need]) is not None
