"""A systemd unit as systemd sees it: all drop-ins applied, with the files that say so."""

from collections.abc import Mapping

import msgspec

from hitless.facts.host import FileText
from hitless.records import Record

__all__ = ["ExecCommand", "Unit"]


class ExecCommand(Record, frozen=True):
    """One command of ExecStart=, ExecReload=, …: environment variables substituted, prefixes taken off."""

    arguments: tuple[str, ...]
    """With the path of the program first."""
    text: str
    """The value as it stands in the file."""
    where: str = ""
    """FILE:LINE of the setting."""
    prefixes: str = ""
    """Any of systemd's "-", "@", ":", "+", "!", "!!"."""


class Unit(Record, frozen=True):
    """One service unit. Settings that systemd does not say are "" or None.

    `properties` holds everything that `systemctl show` printed (or, without systemd, the settings of the files), by
    systemd's names, for what has no field of its own.
    """

    name: str
    source: str
    """"systemctl show haproxy.service", or the unit file where no systemd runs."""
    files: tuple[FileText, ...] = ()
    """The unit file first, then its drop-ins in the order in which they apply."""
    load_state: str = ""
    active_state: str = ""
    sub_state: str = ""
    result: str = ""
    reload_result: str = ""
    status_text: str = ""
    need_daemon_reload: bool = False
    main_pid: int = 0
    restarts: int = 0
    type: str = ""
    """"notify", "notify-reload", "forking", "simple", "exec", "oneshot", …"""
    kill_mode: str = ""
    kill_signal: str = ""
    """As a name, e.g. "SIGTERM"."""
    restart: str = ""
    timeout_stop_s: float | None = None
    descriptor_limit: int | None = None
    """LimitNOFILE=, the soft limit."""
    descriptor_hard_limit: int | None = None
    user: str = ""
    group: str = ""
    start_pre: tuple[ExecCommand, ...] = ()
    start: tuple[ExecCommand, ...] = ()
    reload: tuple[ExecCommand, ...] = ()
    stop: tuple[ExecCommand, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    """Environment= and EnvironmentFile= together, secrets redacted."""
    environment_files: tuple[str, ...] = ()
    runtime_directory: tuple[str, ...] = ()
    """Names below /run."""
    runtime_directory_mode: str = ""
    runtime_directory_preserve: str = ""
    ambient_capabilities: tuple[str, ...] = ()
    capability_bounding_set: tuple[str, ...] = ()
    sockets: tuple[str, ...] = ()
    """Socket units that hand it descriptors."""
    private_tmp: bool = False
    bind_paths: tuple[str, ...] = ()
    """BindPaths= and BindReadOnlyPaths=, "SOURCE:DESTINATION"."""
    memory_limit_bytes: int | None = None
    properties: Mapping[str, str] = msgspec.field(default_factory=dict)

    def place_of(self, setting: str) -> str:
        """Return FILE:LINE of the last line that sets this ("KillMode"), the unit file's path where none does."""
        found = ""
        for file in self.files:
            for number, line in enumerate(file.text.splitlines(), 1):
                if line.split("=", 1)[0].strip() == setting and "=" in line:
                    found = f"{file.path}:{number}"
        return found or (self.files[0].path if self.files else self.name)
