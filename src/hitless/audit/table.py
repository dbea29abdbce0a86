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
    "HL502": "clients_reset.accept_queue_reset",
    "HL503": "clients_reset.spurious_408_while_spreading",
    "HL504": "clients_reset.h2_goaway_under_clients",
    "HL505": "clients_reset.accept_queue_overflow",
    "HL507": "clients_reset.ipv6_bind_not_handed_over",
    "HL508": "clients_reset.quic_closed_at_reload",
    "HL509": "clients_reset.quic_secrets_change",
    "HL510": "clients_reset.idle_close_without_bound",
    "HL511": "clients_reset.shards_follow_threads",
    "HL601": "automation.reloads_too_close",
    "HL602": "automation.readiness_by_path",
    "HL603": "automation.reload_signal_stuck",
    "HL604": "automation.reload_result_ignored",
    "HL605": "automation.master_cli_cut_short",
    "HL606": "automation.no_master_socket",
    "HL607": "automation.reloads_without_lock",
    "HL608": "automation.unchecked_reload_in_script",
    "HL609": "automation.master_cli_open_to_all",
    "HL701": "no_trace.no_log",
    "HL702": "no_trace.log_socket_outside_chroot",
    "HL703": "no_trace.log_target_without_receiver",
    "HL704": "no_trace.log_format_without_process",
    "HL705": "no_trace.quiet_check",
    "HL706": "no_trace.default_log_format",
    "HL707": "no_trace.normal_not_logged",
    "HL709": "no_trace.no_request_id",
    "HL710": "no_trace.null_connections_hidden",
    "HL711": "no_trace.log_level_hides_traffic",
    "HL712": "no_trace.datagram_queue_small",
    "HL801": "lost_state.cold_servers_after_reload",
    "HL802": "lost_state.stick_table_without_peers",
    "HL803": "lost_state.peers_without_local",
    "HL804": "lost_state.state_file_not_loaded",
    "HL805": "lost_state.state_file_never_written",
    "HL806": "lost_state.runtime_changes_lost",
    "HL807": "lost_state.ticket_keys_lost",
    "HL808": "lost_state.many_certificates_load_slowly",
    "HL809": "lost_state.stats_counters_reset",
    "HL810": "lost_state.cache_emptied",
    "HL811": "lost_state.peers_not_in_sync",
    "HL812": "lost_state.dynamic_servers_lost",
    "HL813": "lost_state.resolvers_cold",
    "HL814": "lost_state.agent_weights_lost",
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
