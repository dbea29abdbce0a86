"""A systemd service from the text of its unit file and drop-ins: for trees, snapshots and hosts without systemd.

Source: systemd.unit(5), systemd.service(5), systemd.exec(5) of systemd 252: an empty assignment resets a list.
"""

import re
import signal
from collections.abc import Mapping, Sequence

from hitless.facts import ExecCommand, FileText, Unit
from hitless.host.unit_syntax import (
    Setting,
    assignments,
    hidden,
    parse_exec,
    parse_time_span_s,
    split_words,
)

__all__ = ["environment_file_paths", "read_settings", "read_unit_files", "signal_name", "with_specifiers"]

_LISTS = frozenset(
    {
        *("ExecCondition", "ExecStartPre", "ExecStart", "ExecStartPost", "ExecReload", "ExecReloadPost"),
        *(
            "ExecStop",
            "ExecStopPost",
            "Environment",
            "EnvironmentFile",
            "PassEnvironment",
            "UnsetEnvironment",
        ),
        *("RuntimeDirectory", "StateDirectory", "CacheDirectory", "LogsDirectory", "ConfigurationDirectory"),
        *("AmbientCapabilities", "CapabilityBoundingSet", "Sockets", "BindPaths", "BindReadOnlyPaths"),
        *("ReadWritePaths", "ReadOnlyPaths", "InaccessiblePaths", "SuccessExitStatus", "SupplementaryGroups"),
        *("After", "Before", "Wants", "Requires", "BindsTo", "PartOf", "Conflicts", "ReloadPropagatedFrom"),
        *(
            "WantedBy",
            "RequiredBy",
            "Alias",
            "Also",
            "OnFailure",
            "ListenStream",
            "ListenDatagram",
            "FileDescriptorName",
        ),
    }
)
_TRUE = frozenset({"1", "yes", "y", "true", "t", "on"})
_DIRECTORIES = {"t": "/run", "S": "/var/lib", "C": "/var/cache", "L": "/var/log", "E": "/etc", "T": "/tmp"}  # noqa: S108
_SPECIFIER = re.compile(r"%([a-zA-Z%])")


def read_settings(files: Sequence[FileText]) -> list[Setting]:
    """Return the assignments in force after all files, in order: the unit file first, its drop-ins after it."""
    in_force: dict[tuple[str, str], list[Setting]] = {}
    for setting in (s for file in files for s in assignments(file)):
        key = (setting.section, setting.name)
        if not setting.value:
            in_force.pop(key, None)
        elif setting.name in _LISTS:
            in_force.setdefault(key, []).append(setting)
        else:
            in_force.pop(key, None)  # the last one counts, in its place
            in_force[key] = [setting]
    return [setting for settings in in_force.values() for setting in settings]


def environment_file_paths(name: str, files: Sequence[FileText]) -> tuple[str, ...]:
    """Return the files of EnvironmentFile=, in order, without the "-" that allows them to be missing."""
    values = (s.value for s in read_settings(files) if (s.section, s.name) == ("Service", "EnvironmentFile"))
    return tuple(with_specifiers(name, value).removeprefix("-") for value in values)


def read_unit_files(
    name: str, files: Sequence[FileText], environment: Mapping[str, str] | None = None
) -> Unit:
    """Return the unit that these files describe: the unit file first, its drop-ins after it.

    `environment` is what EnvironmentFile= holds; it goes before Environment=, as in systemd.
    """
    settings = [s for s in read_settings(files) if s.section == "Service"]
    single = {s.name: s.value for s in settings if s.name not in _LISTS}
    variables = hidden({**_environment(name, settings), **(environment or {})})

    def expand(word: str) -> str:
        return with_specifiers(name, word)

    def commands(setting: str) -> tuple[ExecCommand, ...]:
        named = (s for s in settings if s.name == setting)
        return tuple(c for s in named for c in parse_exec(s.value, s.where, variables, expand))

    def words(*names: str) -> tuple[str, ...]:
        return tuple(
            with_specifiers(name, word)
            for s in settings
            if s.name in names
            for word in split_words(s.value, relaxed=True)
        )

    soft, hard = _limit(single.get("LimitNOFILE", ""))
    return Unit(
        name=name,
        source=files[0].path if files else name,
        files=tuple(files),
        type=single.get("Type", "simple" if commands("ExecStart") else "oneshot"),
        kill_mode=single.get("KillMode", "control-group"),
        kill_signal=signal_name(single.get("KillSignal", "SIGTERM")),
        restart=single.get("Restart", "no"),
        timeout_stop_s=_stop_timeout_s(settings),
        descriptor_limit=soft,
        descriptor_hard_limit=hard,
        user=with_specifiers(name, single.get("User", "")),
        group=with_specifiers(name, single.get("Group", "")),
        start_pre=commands("ExecStartPre"),
        start=commands("ExecStart"),
        reload=commands("ExecReload"),
        stop=commands("ExecStop"),
        environment=tuple(variables.items()),
        environment_files=environment_file_paths(name, files),
        runtime_directory=tuple(word.partition(":")[0] for word in words("RuntimeDirectory")),
        runtime_directory_mode=single.get("RuntimeDirectoryMode", ""),
        runtime_directory_preserve=single.get("RuntimeDirectoryPreserve", ""),
        ambient_capabilities=words("AmbientCapabilities"),
        capability_bounding_set=words("CapabilityBoundingSet"),
        sockets=words("Sockets"),
        private_tmp=single.get("PrivateTmp", "").lower() in _TRUE | {"disconnected"},
        bind_paths=words("BindPaths", "BindReadOnlyPaths"),
        memory_limit_bytes=_memory_bytes(single.get("MemoryMax", "")),
        properties=_properties(settings),
    )


def with_specifiers(name: str, text: str) -> str:
    """Return a value with the specifiers that a unit's name decides ("%i", "%n", …), and the fixed directories.

    Others ("%H", "%m", "%u") stay as they are written: no file says what they are. Source: systemd.unit(5).
    """
    prefix, at, rest = name.rpartition(".")[0].partition("@")
    instance = rest if at else ""
    stem = name.rpartition(".")[0]
    known = {
        **_DIRECTORIES,
        **dict(zip("nNpij", (name, stem, prefix, instance, prefix.rpartition("-")[2]), strict=True)),
        **dict(zip("IP%", (_unescaped(instance), _unescaped(prefix), "%"), strict=True)),
    }
    return _SPECIFIER.sub(lambda m: known.get(m[1], m[0]), text)


def signal_name(text: str) -> str:
    """Return a signal as a name: "SIGUSR1" for "10", "USR1" and "SIGUSR1"; what is none stays."""
    if text.isascii() and text.isdigit():
        try:
            return signal.Signals(int(text[:9])).name
        except ValueError:
            return text
    upper = text.upper()
    full = upper if upper.startswith("SIG") else f"SIG{upper}"
    return full if full in signal.Signals.__members__ else text


def _unescaped(text: str) -> str:
    r"""Return an instance's name as a path's part: "-" is "/", "\x2d" a character. Source: systemd-escape(1)."""
    slashes = text.replace("-", "/")
    return re.sub(r"\\x([0-7][0-9a-f])", lambda m: chr(int(m[1], 16)), slashes)


def _properties(settings: Sequence[Setting]) -> dict[str, str]:
    found: dict[str, str] = {}
    for setting in settings:
        if setting.name not in {"Environment", "PassEnvironment"}:
            found[setting.name] = (
                f"{found[setting.name]} {setting.value}" if setting.name in found else setting.value
            )
    return found


def _environment(name: str, settings: Sequence[Setting]) -> dict[str, str]:
    variables: dict[str, str] = {}
    for setting in settings:
        if setting.name != "Environment":
            continue
        for word in split_words(setting.value, relaxed=True):
            key, equals, value = with_specifiers(name, word).partition("=")
            if equals:
                variables[key] = value
    return variables


def _stop_timeout_s(settings: Sequence[Setting]) -> float | None:
    """Return TimeoutStopSec=, or TimeoutSec= where that comes later; None for "0" and "infinity" too."""
    spans = [s.value for s in settings if s.name in {"TimeoutStopSec", "TimeoutSec"}]
    return (parse_time_span_s(spans[-1]) if spans else None) or None


def _limit(text: str) -> tuple[int | None, int | None]:
    """Return soft and hard limit of "1024:524288", "65536" or "infinity" (None)."""
    soft, _, hard = text.partition(":")
    values = [
        int(part) if part.isascii() and part.isdigit() and len(part) < 20 else None
        for part in (soft, hard or soft)
    ]
    return values[0], values[1]


def _memory_bytes(text: str) -> int | None:
    """Return "512M" in bytes (1024 based); None for "infinity", percentages and nonsense."""
    match = re.fullmatch(r"([0-9]{1,18})(?:\.([0-9]{1,9}))?\s*([KMGTPE]?)B?", text.strip())
    if match is None:
        return None
    return int(float(f"{match[1]}.{match[2] or 0}") * 1024 ** " KMGTPE".index(match[3] or " "))
