"""What systemd says of its units: `systemctl`, asked with a deadline, and its answers as values.

Source: systemctl(1), systemd 252 src/systemctl/systemctl-show.c; read on systemd 252 and 257.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hitless.host.errors import HostError

__all__ = [
    "PROPERTIES",
    "Properties",
    "ShownCommand",
    "ask_systemctl",
    "list_services",
    "parse_commands",
    "parse_show",
]

TIMEOUT_S = 10.0
LIMIT_BYTES = 1024 * 1024
MAX_UNITS = 64

PROPERTIES = (
    *(
        "Id",
        "Names",
        "LoadState",
        "ActiveState",
        "SubState",
        "Result",
        "ReloadResult",
        "StatusText",
        "UnitFileState",
    ),
    *(
        "NeedDaemonReload",
        "MainPID",
        "NRestarts",
        "Type",
        "KillMode",
        "KillSignal",
        "Restart",
        "TimeoutStopUSec",
    ),
    *(
        "LimitNOFILE",
        "LimitNOFILESoft",
        "User",
        "Group",
        "Environment",
        "EnvironmentFiles",
        "RuntimeDirectory",
    ),
    *("RuntimeDirectoryMode", "RuntimeDirectoryPreserve", "AmbientCapabilities", "CapabilityBoundingSet"),
    *(
        "TriggeredBy",
        "PrivateTmp",
        "BindPaths",
        "BindReadOnlyPaths",
        "MemoryMax",
        "FragmentPath",
        "DropInPaths",
    ),
    *("ExecStartPre", "ExecStartPreEx", "ExecStart", "ExecStartEx", "ExecReload", "ExecReloadEx", "ExecStop"),
    *(
        "ExecStopEx",
        "ExecMainPID",
        "ExecMainStatus",
        "ExecMainCode",
        "PIDFile",
        "NotifyAccess",
        "SendSIGKILL",
        "TimeoutStartUSec",
    ),
    *(
        "OOMPolicy",
        "RestartUSec",
        "StartLimitBurst",
        "FileDescriptorStoreMax",
        "NFileDescriptorStore",
        "RootDirectory",
    ),
    *("DynamicUser", "NoNewPrivileges", "PrivateNetwork", "ProtectSystem", "ReadWritePaths", "ControlGroup"),
    *("ActiveEnterTimestamp", "MemoryCurrent", "TasksMax", "SupplementaryGroups", "SuccessExitStatus"),
)
_COMMAND = re.compile(
    r"\{ path=(?P<path>.*?) ; argv\[\]=(?P<argv>.*) ; "
    r"(?:ignore_errors=(?P<ignore>\w+)|flags=(?P<flags>[^;]*?)) ; start_time="
)
_FLAGS = {"ignore-failure": "-", "no-env-expand": ":", "privileged": "+", "no-setuid": "!", "ambient": "!!"}

Properties = Mapping[str, Sequence[str]]
"""Each property with its values: Exec… and EnvironmentFiles have one per line, most have one."""


@dataclass(frozen=True, slots=True)
class ShownCommand:
    """A command as `systemctl show` prints it: words joined by spaces, quotes lost, variables not yet replaced."""

    path: str
    words: tuple[str, ...]
    prefixes: str


def ask_systemctl(*arguments: str) -> str:
    """Return what systemctl prints.

    Raises: HostError if it is not installed, cannot reach systemd, fails, or does not end in time.
    """
    # An empty name in PATH is the working directory, which may be anybody's.
    directories = [d for d in os.environ.get("PATH", "").split(os.pathsep) if d.startswith("/")]
    program = shutil.which("systemctl", path=os.pathsep.join((*directories, "/usr/bin", "/bin")))
    if program is None:
        raise HostError("systemctl is not installed")
    environment = {
        "LC_ALL": "C.UTF-8",
        "SYSTEMD_COLORS": "0",
        "SYSTEMD_PAGER": "",
        "PATH": os.environ.get("PATH", ""),
    }
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        try:
            done = subprocess.run(
                [program, "--no-pager", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
                env=environment,
                timeout=TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise HostError(f"systemctl {arguments[0]} did not end within {TIMEOUT_S:g} s") from error
        except OSError as error:
            raise HostError(f"systemctl cannot be started: {error.strerror}") from error
        out.seek(0)
        errors.seek(0)
        text = out.read(LIMIT_BYTES).decode(errors="backslashreplace")
        complaint = errors.read(4096).decode(errors="backslashreplace").strip()
    if done.returncode != 0:
        first = complaint.splitlines()[0] if complaint else f"exit status {done.returncode}"
        raise HostError(f"systemctl {arguments[0]}: {first}")
    return text


def list_services(patterns: Sequence[str]) -> list[str]:
    """Return the services that match shell patterns, loaded or only installed; no templates.

    Raises: HostError.
    """
    options = ("--all", "--full", "--plain", "--no-legend", "--")
    loaded = ask_systemctl("list-units", *options, *patterns)
    installed = ask_systemctl("list-unit-files", "--full", "--plain", "--no-legend", "--", *patterns)
    names: dict[str, None] = {}
    for line in [*loaded.splitlines(), *installed.splitlines()]:
        # A mark ("●") may stand before the name of a unit that failed.
        name = next((word for word in line.split()[:2] if word.endswith(".service")), "")
        if name and "@." not in name:
            names[name] = None
    return list(names)[:MAX_UNITS]


def parse_show(text: str) -> dict[str, list[str]]:
    """Return the properties of one unit, from what `systemctl show` printed."""
    found: dict[str, list[str]] = {}
    for line in text.split("\n"):
        name, equals, value = line.partition("=")
        if equals and name.isalnum():
            found.setdefault(name, []).append(value)
    return found


def parse_commands(properties: Properties, name: str) -> list[ShownCommand]:
    """Return the commands of ExecStart, ExecReload, … (with the prefixes where this systemd says them)."""
    commands: list[ShownCommand] = []
    for value in properties.get(f"{name}Ex") or properties.get(name) or ():
        match = _COMMAND.match(value)
        if match is None:
            continue
        prefixes = "-" if match["ignore"] == "yes" else ""
        prefixes += "".join(_FLAGS.get(flag, "") for flag in (match["flags"] or "").split())
        commands.append(ShownCommand(match["path"], tuple(match["argv"].split()[1:]), prefixes))
    return commands
