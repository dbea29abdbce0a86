"""The units that run HAProxy: what systemd says of them, together with the files that say so.

Where systemd cannot be asked (a tree, a container), the files alone.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

import msgspec

from hitless.facts import ExecCommand, FileText, Unit, Unknown
from hitless.host.errors import HostError
from hitless.host.redact import redact_text
from hitless.host.root import HostRoot
from hitless.host.systemctl import (
    PROPERTIES,
    ShownCommand,
    ask_systemctl,
    list_services,
    parse_commands,
    parse_show,
)
from hitless.host.unit_files import environment_file_paths, read_unit_files, signal_name
from hitless.host.unit_paths import (
    find_services,
    is_masked,
    read_environment_files,
    read_files,
    template_of,
    unit_file_paths,
)
from hitless.host.unit_syntax import hidden, parse_exec, parse_time_span_s, split_words

__all__ = ["PATTERNS", "merge", "read_units"]

PATTERNS = ("haproxy*", "hapee*")
"""How packages name their units: HAProxy, HAProxy Enterprise."""

_UNLIMITED = (1 << 64) - 1


def read_units(root: HostRoot, names: Sequence[str] | None = None) -> tuple[list[Unit], list[Unknown]]:
    """Return the services that run HAProxy, and what could not be seen of them.

    `names` are further units, found by the control groups of processes; other kinds than services are left out.
    """
    further = [name for name in names or () if name.endswith(".service")]
    if not root.live or root.path != Path("/"):
        return _from_files(root, further)
    try:
        services = list(dict.fromkeys([*list_services(PATTERNS), *further]))
    except HostError as error:
        units, unknown = _from_files(root, further)
        return units, [Unknown(what="units as systemd has them", why=error.message), *unknown]
    return _from_systemd(root, services)


def _from_systemd(root: HostRoot, names: Sequence[str]) -> tuple[list[Unit], list[Unknown]]:
    units: dict[str, Unit] = {}
    unknown: list[Unknown] = []
    for name in names:
        try:
            properties = parse_show(ask_systemctl("show", f"--property={','.join(PROPERTIES)}", "--", name))
        except HostError as error:
            unknown.append(Unknown(what=f"unit {name}", why=error.message))
            continue
        if _one(properties, "LoadState") in {"not-found", ""}:
            continue
        unit, problems = _with_files(root, _one(properties, "Id") or name, properties)
        units.setdefault(unit.name, unit)
        unknown += problems
    return list(units.values()), unknown


def _from_files(root: HostRoot, names: Sequence[str]) -> tuple[list[Unit], list[Unknown]]:
    units: list[Unit] = []
    unknown: list[Unknown] = []
    for name in dict.fromkeys([*find_services(root, PATTERNS), *names]):
        paths = unit_file_paths(root, name)
        files, problems = read_files(root, paths)
        variables, unread = read_environment_files(root, environment_file_paths(name, files))
        unknown += [*problems, *unread]
        if not paths:
            continue
        unit = read_unit_files(name, files, variables)
        masked = is_masked(root, paths[0])
        socket = f"{name.removesuffix('.service')}.socket"
        sockets = (socket,) if unit_file_paths(root, socket) else ()
        units.append(
            msgspec.structs.replace(
                unit,
                load_state="masked" if masked else "",
                source=paths[0],
                sockets=(*unit.sockets, *sockets),
            )
        )
    return units, unknown


def _with_files(
    root: HostRoot, name: str, properties: Mapping[str, Sequence[str]]
) -> tuple[Unit, list[Unknown]]:
    paths = [_one(properties, "FragmentPath"), *split_words(_one(properties, "DropInPaths"), relaxed=True)]
    files, unknown = read_files(root, [path for path in paths if path])
    environment_files = tuple(value.rpartition(" (")[0] for value in properties.get("EnvironmentFiles", ()))
    variables, unread = read_environment_files(root, environment_files)
    unit = merge(name, properties, files, variables)
    if _has_unread_drop_in(root, name, paths):
        unit = msgspec.structs.replace(unit, need_daemon_reload=True)
    return unit, [*unknown, *unread]


def _has_unread_drop_in(root: HostRoot, name: str, known: Sequence[str]) -> bool:
    """Return whether the disk has a drop-in that systemd has not read.

    NeedDaemonReload= says "no" when the directory NAME.d is new: systemd looks into a list of directories that it
    made at the last daemon-reload (seen on systemd 252).
    """
    # Old versions do not know the directories of prefixes and types ("service.d"), so those prove nothing.
    own = tuple(f"/{level}.d" for level in {name, template_of(name) or name})
    paths = (PurePosixPath(path) for path in unit_file_paths(root, name) if path.endswith(".conf"))
    on_disk = {path.name for path in paths if str(path.parent).endswith(own)}
    return bool(on_disk - {PurePosixPath(path).name for path in known})


def merge(
    name: str,
    properties: Mapping[str, Sequence[str]],
    files: Sequence[FileText],
    from_files: Mapping[str, str],
) -> Unit:
    """Return a unit as systemd has it; its files say where each command stands, as long as they say the same.

    `from_files` is what the environment files hold.
    """
    described = read_unit_files(name, files, from_files)
    words = (w.partition("=") for w in split_words(_one(properties, "Environment"), relaxed=True))
    variables = hidden({**{key: value for key, equals, value in words if equals}, **from_files})
    source = f"systemctl show {name}"

    def commands(setting: str, of_files: Sequence[ExecCommand]) -> tuple[ExecCommand, ...]:
        shown = parse_commands(properties, setting)
        loaded = tuple(_command(command, variables, f"{source} ({setting})") for command in shown)
        same = [_comparable(c) for c in loaded] == [_comparable(c) for c in of_files]
        return tuple(of_files) if same else loaded

    def text(setting: str) -> str:
        return _one(properties, setting)

    def listed(setting: str) -> tuple[str, ...]:
        return tuple(split_words(text(setting), relaxed=True))

    return Unit(
        name=name,
        source=source,
        files=tuple(files),
        load_state=text("LoadState"),
        active_state=text("ActiveState"),
        sub_state=text("SubState"),
        result=text("Result"),
        reload_result=text("ReloadResult"),
        status_text=text("StatusText"),
        need_daemon_reload=text("NeedDaemonReload") == "yes",
        main_pid=_number(text("MainPID")) or 0,
        restarts=_number(text("NRestarts")) or 0,
        type=text("Type"),
        kill_mode=text("KillMode"),
        kill_signal=signal_name(text("KillSignal")) if text("KillSignal") else "",
        restart=text("Restart"),
        timeout_stop_s=parse_time_span_s(text("TimeoutStopUSec")),
        descriptor_limit=_number(text("LimitNOFILESoft")),
        descriptor_hard_limit=_number(text("LimitNOFILE")),
        user=text("User"),
        group=text("Group"),
        start_pre=commands("ExecStartPre", described.start_pre),
        start=commands("ExecStart", described.start),
        reload=commands("ExecReload", described.reload),
        stop=commands("ExecStop", described.stop),
        environment=tuple(variables.items()),
        environment_files=tuple(
            value.rpartition(" (")[0] for value in properties.get("EnvironmentFiles", ())
        ),
        runtime_directory=listed("RuntimeDirectory"),
        runtime_directory_mode=text("RuntimeDirectoryMode"),
        runtime_directory_preserve=text("RuntimeDirectoryPreserve"),
        ambient_capabilities=tuple(word.upper() for word in listed("AmbientCapabilities")),
        capability_bounding_set=tuple(word.upper() for word in listed("CapabilityBoundingSet")),
        sockets=tuple(word for word in listed("TriggeredBy") if word.endswith(".socket")),
        private_tmp=text("PrivateTmp") in {"yes", "connected", "disconnected"},
        bind_paths=tuple(_without_flags(p) for p in (*listed("BindPaths"), *listed("BindReadOnlyPaths"))),
        memory_limit_bytes=_number(text("MemoryMax")),
        properties={
            key: redact_text(" ".join(values)) for key, values in properties.items() if key != "Environment"
        },
    )


def _command(shown: ShownCommand, variables: Mapping[str, str], where: str) -> ExecCommand:
    """Return a command with its variables replaced; words that held spaces cannot be told apart any more."""
    # Quotes and backslashes are characters here: systemd has taken off what was syntax.
    line = redact_text(" ".join((shown.path, *shown.words)))
    quoted = " ".join(_quoted(word) for word in line.split())
    parsed = parse_exec(f"{':' if ':' in shown.prefixes else ''}{quoted}", where, variables)
    arguments = parsed[0].arguments if parsed else tuple(line.split())
    return ExecCommand(arguments=arguments, text=line, where=where, prefixes=shown.prefixes)


def _quoted(word: str) -> str:
    escaped = "".join(f"\\{c}" if c in "\\\"'" else c for c in word)
    return "\\;" if word == ";" else escaped


def _comparable(command: ExecCommand) -> str:
    return " ".join(" ".join(command.arguments).split())


def _without_flags(path: str) -> str:
    """Return "SOURCE:DESTINATION" of "SOURCE:DESTINATION:rbind"."""
    return ":".join(path.split(":")[:2])


def _one(properties: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(properties.get(name, ())), "")


def _number(text: str) -> int | None:
    """Return a number; None for "infinity", "[not set]" and how old versions write these."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else None
    return None if number == _UNLIMITED else number
