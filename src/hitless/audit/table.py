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
    "HL101": "not_graceful.restart_instead_of_reload",
    "HL102": "not_graceful.reload_never_took_over",
    "HL103": "not_graceful.exec_reload_missing",
    "HL104": "not_graceful.reload_without_socket_transfer",
    "HL105": "not_graceful.hard_reload",
    "HL106": "not_graceful.socket_transfer_from_master_cli",
    "HL107": "not_graceful.wrong_reload_signal",
    "HL108": "not_graceful.socket_transfer_from_unprepared_socket",
    "HL109": "not_graceful.misplaced_expose_fd",
    "HL110": "not_graceful.unit_type_mismatch",
    "HL111": "not_graceful.reload_without_check",
    "HL112": "not_graceful.check_differs_from_start",
    "HL113": "not_graceful.kill_mode_not_mixed",
    "HL114": "not_graceful.stop_cuts_connections",
    "HL115": "not_graceful.started_beside_old_process",
    "HL116": "not_graceful.stale_pid_file",
    "HL118": "not_graceful.systemd_mode_not_compiled",
    "HL119": "not_graceful.master_worker_keyword_alone",
    "HL120": "not_graceful.socket_activation_check_fails",
    "HL121": "not_graceful.migrate_req_off",
    "HL122": "not_graceful.unit_changed_on_disk",
    "HL123": "not_graceful.signal_not_forwarded",
    "HL124": "not_graceful.binary_replaced_since_start",
    "HL125": "not_graceful.classic_mode",
    "HL501": "clients_reset.idle_close_under_clients",
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
