"""All rules: code and module, written out, so that a search finds each and none can hide. Modules are imported late."""

import importlib
from collections.abc import Iterator
from functools import cache
from types import ModuleType

from hitless.audit.rule import Rule

__all__ = ["FAMILIES", "MODULES", "all_rules", "load_rule", "rule_module"]

FAMILIES = {
    "1": "The reload is not graceful",
    "2": "The old process does not die",
    "3": "The socket file",
    "4": "The new process cannot bind",
    "5": "Clients are reset although everything was done right",
    "6": "Automation races the reload",
    "7": "Nobody can tell afterwards",
    "8": "State that does not survive",
}

MODULES: dict[str, str] = {
    "HL109": "not_graceful.misplaced_expose_fd",
    "HL201": "old_process.cut_at_hard_stop",
    "HL202": "old_process.killed_by_max_reloads",
    "HL203": "old_process.no_hard_stop_after",
    "HL204": "old_process.unbounded_tunnel",
    "HL205": "old_process.frozen_server_list",
    "HL206": "old_process.missing_timeouts",
    "HL207": "old_process.old_workers_alive",
    "HL208": "old_process.descriptor_limit_below_maxconn",
    "HL209": "old_process.memory_for_two_generations",
    "HL210": "old_process.source_ports_for_two_generations",
    "HL211": "old_process.stranded_process",
    "HL212": "old_process.applet_pins_old_process",
    "HL214": "old_process.show_proc_truncated",
    "HL215": "old_process.grace_with_reload",
    "HL216": "old_process.spread_beyond_hard_stop",
    "HL217": "old_process.stop_timeout_below_hard_stop",
    "HL218": "old_process.descriptors_exhausted",
    "HL501": "clients_reset.idle_close_under_clients",
    "HL502": "clients_reset.accept_queue_reset",
    "HL503": "clients_reset.spurious_408_while_spreading",
    "HL504": "clients_reset.h2_goaway_under_clients",
    "HL505": "clients_reset.accept_queue_overflow",
    "HL507": "clients_reset.ipv6_bind_not_handed_over",
    "HL508": "clients_reset.quic_closed_at_reload",
    "HL509": "clients_reset.quic_secrets_change",
    "HL510": "clients_reset.idle_close_without_bound",
    "HL511": "clients_reset.shards_follow_threads",
}


def rule_module(code: str) -> ModuleType:
    """Return the module of a rule. Raises: KeyError if there is no such rule."""
    return importlib.import_module(f"hitless.audit.rules.{MODULES[code]}")


@cache
def load_rule(code: str) -> Rule:
    """Return a rule. Raises: KeyError if there is no such rule."""
    rule: Rule = rule_module(code).RULE
    return rule


def all_rules() -> Iterator[Rule]:
    """Yield every rule in the order of codes."""
    return (load_rule(code) for code in sorted(MODULES))
