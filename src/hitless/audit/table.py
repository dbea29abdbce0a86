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
    "HL401": "cannot_bind.unbindable_address",
    "HL402": "cannot_bind.address_not_on_host",
    "HL403": "cannot_bind.bind_taken_by_foreign_process",
    "HL404": "cannot_bind.unknown_freebind",
    "HL405": "cannot_bind.low_port_without_privilege",
    "HL406": "cannot_bind.vip_without_transparent",
    "HL407": "cannot_bind.address_bound_twice",
    "HL408": "cannot_bind.noreuseport_without_transfer",
    "HL409": "cannot_bind.failed_reload_loses_transfer",
    "HL410": "cannot_bind.failed_bind_kills_service",
    "HL411": "cannot_bind.bind_needs_name_resolution",
    "HL412": "cannot_bind.interface_missing",
    "HL413": "cannot_bind.server_name_must_resolve",
    "HL414": "cannot_bind.needed_file_missing",
    "HL415": "cannot_bind.account_missing",
    "HL416": "cannot_bind.configuration_refused",
    "HL417": "cannot_bind.refused_advice",
    "HL418": "cannot_bind.removed_keyword",
    "HL419": "cannot_bind.warnings_refuse_reload",
    "HL420": "cannot_bind.limits_refuse_reload",
    "HL421": "cannot_bind.last_line_without_end",
    "HL422": "cannot_bind.descriptor_bind_without_activation",
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
