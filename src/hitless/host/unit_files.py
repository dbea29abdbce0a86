r"""A systemd service from the text of its unit file and drop-ins: for trees, snapshots and hosts without systemd.

Source: systemd.syntax(7), systemd.service(5): an empty assignment resets a list, "\\" at the end continues a line.
"""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hitless.facts import ExecCommand, FileText, Unit

__all__ = ["Setting", "parse_exec", "parse_time_span_s", "read_settings", "read_unit_files"]

_PREFIXES = "-@:+!|"
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_WHOLE_VARIABLE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_SPAN = re.compile(
    r"(\d+(?:\.\d+)?)\s*(usec|us|msec|ms|seconds|second|sec|s|minutes|minute|min|m|hours|hour|hr|h|days|day|d)?"
)
_SPAN_S = {"u": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LISTS = frozenset(
    {
        *(
            "ExecStartPre",
            "ExecStart",
            "ExecStartPost",
            "ExecReload",
            "ExecStop",
            "ExecStopPost",
            "Environment",
        ),
        *("EnvironmentFile", "RuntimeDirectory", "AmbientCapabilities", "CapabilityBoundingSet", "Sockets"),
        *("BindPaths", "BindReadOnlyPaths", "After", "Wants", "Requires"),
    }
)


@dataclass(frozen=True, slots=True)
class Setting:
    """One assignment in force, and the line it begins at."""

    section: str
    name: str
    value: str
    where: str


def read_settings(files: Sequence[FileText]) -> list[Setting]:
    """Return the assignments in force after all files, in order."""
    settings: list[Setting] = []
    for setting in (s for file in files for s in _assignments(file)):
        is_list = setting.name in _LISTS
        if not setting.value or not is_list:
            settings = [s for s in settings if s.name != setting.name]
        if setting.value:
            settings.append(setting)
    return settings


def read_unit_files(
    name: str, files: Sequence[FileText], environment: Mapping[str, str] | None = None
) -> Unit:
    """Return the unit that these files describe: the unit file first, its drop-ins after it.

    `environment` is what EnvironmentFile= holds.
    """
    settings = read_settings(files)
    single = {s.name: s.value for s in settings if s.name not in _LISTS}
    variables = {**_environment(settings), **(environment or {})}

    def commands(setting: str) -> tuple[ExecCommand, ...]:
        return tuple(parse_exec(s.value, s.where, variables) for s in settings if s.name == setting)

    def words(*names: str) -> tuple[str, ...]:
        return tuple(w for s in settings if s.name in names for w in s.value.split())

    soft, hard = _limit(single.get("LimitNOFILE", ""))
    span = single.get("TimeoutStopSec", single.get("TimeoutSec", ""))
    return Unit(
        name=name,
        source=files[0].path if files else name,
        files=tuple(files),
        type=single.get("Type", "simple"),
        kill_mode=single.get("KillMode", "control-group"),
        kill_signal=single.get("KillSignal", "SIGTERM"),
        restart=single.get("Restart", "no"),
        timeout_stop_s=parse_time_span_s(span) if span else None,
        descriptor_limit=soft,
        descriptor_hard_limit=hard,
        user=single.get("User", ""),
        group=single.get("Group", ""),
        start_pre=commands("ExecStartPre"),
        start=commands("ExecStart"),
        reload=commands("ExecReload"),
        stop=commands("ExecStop"),
        environment=tuple(variables.items()),
        environment_files=words("EnvironmentFile"),
        runtime_directory=words("RuntimeDirectory"),
        runtime_directory_mode=single.get("RuntimeDirectoryMode", ""),
        runtime_directory_preserve=single.get("RuntimeDirectoryPreserve", ""),
        ambient_capabilities=words("AmbientCapabilities"),
        capability_bounding_set=words("CapabilityBoundingSet"),
        sockets=words("Sockets"),
        private_tmp=single.get("PrivateTmp", "").lower() in {"yes", "true", "1", "on", "disconnected"},
        bind_paths=words("BindPaths", "BindReadOnlyPaths"),
        properties=single,
    )


def parse_exec(value: str, where: str, variables: Mapping[str, str]) -> ExecCommand:
    """Return one command line; "$NAME" alone is split into words as systemd does, "${NAME}" is one word's part."""
    text = value.lstrip(_PREFIXES)
    prefixes = value[: len(value) - len(text)]
    try:
        raw = shlex.split(text)
    except ValueError:
        raw = text.split()
    words: list[str] = []
    for word in raw:
        whole = _WHOLE_VARIABLE.fullmatch(word)
        if whole and whole[1] in variables:
            words += variables[whole[1]].split()
        else:
            words.append(_VARIABLE.sub(lambda m: variables.get(m[1], m[0]), word))
    return ExecCommand(arguments=tuple(words), text=value, where=where, prefixes=prefixes)


def parse_time_span_s(text: str) -> float | None:
    """Return a time span of systemd ("1min 30s", "90", "infinity") in seconds; None for infinity or nonsense."""
    matches = list(_SPAN.finditer(text.strip()))
    if not matches or _SPAN.sub("", text).strip():
        return None
    return sum(float(m[1]) * _SPAN_S[_unit_of(m[2] or "s")] for m in matches)


def _unit_of(word: str) -> str:
    if word.startswith("us"):
        return "u"
    return "ms" if word in {"ms", "msec"} else word[0]


def _assignments(file: FileText) -> Iterator[Setting]:
    section, pending, start = "", "", 0
    for number, line in enumerate(file.text.splitlines(), 1):
        stripped = line.strip()
        if pending and stripped.startswith(("#", ";")):
            continue
        if not pending and (not stripped or stripped.startswith(("#", ";"))):
            continue
        start = start if pending else number
        joined = f"{pending}{stripped}"
        if joined.endswith("\\"):
            pending = f"{joined[:-1]} "
            continue
        pending = ""
        if joined.startswith("[") and joined.endswith("]"):
            section = joined[1:-1]
            continue
        name, equals, value = joined.partition("=")
        if equals:
            yield Setting(section, name.strip(), value.strip(), f"{file.path}:{start}")


def _environment(settings: Sequence[Setting]) -> dict[str, str]:
    variables: dict[str, str] = {}
    for setting in settings:
        if setting.name != "Environment":
            continue
        try:
            words = shlex.split(setting.value)
        except ValueError:
            words = setting.value.split()
        variables.update((word.partition("=")[0], word.partition("=")[2]) for word in words if "=" in word)
    return variables


def _limit(text: str) -> tuple[int | None, int | None]:
    """Return soft and hard limit of "1024:524288", "65536" or "infinity" (None)."""
    soft, _, hard = text.partition(":")
    values = [int(part) if part.isascii() and part.isdigit() else None for part in (soft, hard or soft)]
    return values[0], values[1]
