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
    "HL301": "socket_file.runtime_directory_unmanaged",
    "HL302": "socket_file.socket_directory_missing",
    "HL303": "socket_file.socket_path_stolen",
    "HL304": "socket_file.socket_file_deleted",
    "HL305": "socket_file.socket_mode_drift",
    "HL306": "socket_file.socket_open_to_all",
    "HL307": "socket_file.no_stats_socket",
    "HL308": "socket_file.socket_not_replaceable",
    "HL309": "socket_file.abstract_socket_contested",
    "HL310": "socket_file.socket_shared",
    "HL311": "socket_file.socket_path_too_long",
    "HL312": "socket_file.socket_file_removed_by_script",
    "HL313": "socket_file.socket_in_tmp",
    "HL314": "socket_file.socket_without_admin",
    "HL316": "socket_file.implicit_socket_mode",
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
