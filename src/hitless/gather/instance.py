"""One service as facts: its configuration, program, mode, check, and what its processes say."""

from __future__ import annotations

import os
import posixpath
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hitless.config.arguments import parse_arguments
from hitless.config.files import LIMIT_BYTES, is_configuration_name
from hitless.facts import ConfigurationFile, Instance, Launch, RunMode, Unknown
from hitless.gather.budget import SPENT, Budget
from hitless.gather.check import check_instance
from hitless.gather.configuration import configuration_file
from hitless.gather.launch import environment_for_another
from hitless.gather.mode import decide_mode, master_worker_line
from hitless.gather.place import ProcessPlace, find_place
from hitless.gather.program import VERSION, find_program, read_program
from hitless.gather.unit import launch_of_unit
from hitless.host.errors import HostError, translated
from hitless.host.redact import is_secret_variable
from hitless.host.root import HostRoot, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.facts import Binary
    from hitless.gather.options import GatherOptions
    from hitless.gather.services import Service

__all__ = ["Gathering", "gather_instance"]

_VARIABLE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
_ENVIRON_LIMIT_BYTES = 1024 * 1024


@dataclass(slots=True)
class Gathering:
    """What is known of one service so far."""

    instance: Instance
    place: ProcessPlace
    main_pid: int = 0
    environment: dict[str, str] = field(default_factory=dict)
    """The main process's, as it is: never written down."""
    unknown: list[Unknown] = field(default_factory=list)
    budget: Budget = field(default_factory=Budget)

    def note(self, what: str, why: str) -> None:
        """Remember what could not be seen."""
        self.unknown.append(Unknown(what=what, why=why, instance=self.instance.name))

    def take(self, unknown: list[Unknown]) -> None:
        """Remember what a reader could not see."""
        self.unknown += [
            msgspec.structs.replace(u, instance=u.instance or self.instance.name) for u in unknown
        ]

    def set(self, **fields: object) -> None:
        """Add facts to the instance."""
        self.instance = msgspec.structs.replace(self.instance, **fields)


def gather_instance(
    service: Service, host: HostRoot, options: GatherOptions, budget: Budget | None = None
) -> Gathering:
    """Return the facts about one service, without what its processes say over their sockets.

    `budget` is the time left for programs and sockets, and is shared by all services.
    """
    main = service.main
    place = find_place(main.pid, host, main.executable) if main and host.live else ProcessPlace(host)
    gathering = Gathering(
        Instance(name=service.name, unit=service.unit, environment=options.environment),
        place,
        main.pid if main else 0,
        budget=budget or Budget(),
    )
    # Of a tree, nobody could see processes; of a live host, () says that there are none.
    # Without /proc nobody sees processes either, and that must not read as "there are none".
    seen = host.live and (service.processes or host.exists("/proc/self"))
    gathering.set(processes=tuple(service.processes) if seen else None)
    if main is not None:
        gathering.environment = _environment(main.pid, gathering)
    directory = _working_directory(service, gathering)
    files = _read_configuration(service, directory, gathering)
    gathering.set(configuration=files, launch=_launch(service, directory, gathering))
    if not files:
        gathering.note("the configuration", "no command line names it")
    mode, source = decide_mode(
        asked=options.mode,
        launch=gathering.instance.launch,
        configuration_says=master_worker_line(gathering.instance),
    )
    if mode is RunMode.UNKNOWN:
        gathering.note("whether it runs with a master", "neither its command line nor its unit can be seen")
    gathering.set(mode=mode, mode_source=source)
    _read_binary(service, options, gathering)
    _check(service, directory, options, gathering)
    return gathering


def _environment(pid: int, gathering: Gathering) -> dict[str, str]:
    path = Path(f"/proc/{pid}/environ")
    try:
        with translated(f"process {pid} is gone", f"{path} cannot be read"), path.open("rb") as file:
            data = file.read(_ENVIRON_LIMIT_BYTES)
    except HostError as error:
        gathering.note("the environment of HAProxy", error.message)
        return {}
    pairs = (os.fsdecode(item).partition("=") for item in data.split(b"\0") if b"=" in item)
    return {name: value for name, _, value in pairs}


def _working_directory(service: Service, gathering: Gathering) -> str:
    """Return where relative names begin: the process has followed its own -C already."""
    main = service.main
    if main is not None:
        link = Path(f"/proc/{main.pid}/cwd")
        try:
            with translated("the process is gone", f"{link} cannot be read"):
                return _inside(str(link.readlink()), gathering.place)
        except HostError as error:
            if not all(file.startswith("/") for file in service.files):
                gathering.note("the directory that HAProxy runs in", error.message)
    named = parse_arguments(service.arguments).working_directory
    return named or (service.unit.properties.get("WorkingDirectory", "") if service.unit else "") or "/"


def _inside(path: str, place: ProcessPlace) -> str:
    """Return a path that the kernel says as the process itself would say it."""
    root = str(place.root.path)
    return path.removeprefix(root) or "/" if place.foreign and root.startswith("/") else path


def _launch(service: Service, directory: str, gathering: Gathering) -> Launch | None:
    main = service.main
    if main is None or not main.arguments:
        return launch_of_unit(service.unit) if service.unit else None
    text = "\n".join(file.text for file in gathering.instance.configuration)
    used = set(_VARIABLE.findall(text))
    return Launch(
        arguments=service.arguments,
        source=f"/proc/{main.pid}/cmdline",
        working_directory=directory,
        environment=tuple(
            (printable(name), "*" * len(value) if is_secret_variable(name, text) else printable(value))
            for name, value in sorted(gathering.environment.items())
            if name in used or name == "HAPROXY_LOCALPEER"
        ),
    )


def _read_configuration(
    service: Service, directory: str, gathering: Gathering
) -> tuple[ConfigurationFile, ...]:
    files: list[ConfigurationFile] = []
    left_bytes = LIMIT_BYTES
    for path in _expand(service, directory, gathering, files):
        try:
            data = _read_whole(gathering.place.root, path, left_bytes)
        except HostError as error:
            files.append(_unreadable(path, error, gathering))
            continue
        left_bytes -= len(data)
        files.append(configuration_file(printable(path), data))
    return tuple(files)


def _expand(
    service: Service, directory: str, gathering: Gathering, files: list[ConfigurationFile]
) -> Iterator[str]:
    """Yield the files in HAProxy's order; see `hitless.config.files.read_files` for what a directory stands for."""
    root = gathering.place.root
    for named in service.files:
        path = named if named.startswith("/") else posixpath.normpath(posixpath.join(directory, named))
        try:
            is_directory = _is_directory(root, path)
            names = root.names(path) if is_directory else []
        except HostError as error:
            files.append(_unreadable(path, error, gathering))
            continue
        if not is_directory:
            yield path
        for name in sorted(names, key=os.fsencode):
            if is_configuration_name(name):
                yield f"{path.rstrip('/')}/{name}"


def _read_whole(root: HostRoot, path: str, limit_bytes: int) -> bytes:
    data, more = root.read_bytes(path, limit_bytes=limit_bytes)
    if more:
        raise HostError(f"{printable(path)}: more than {LIMIT_BYTES} bytes of configuration")
    return data


def _is_directory(root: HostRoot, path: str) -> bool:
    return stat.S_ISDIR(root.stat(path).st_mode)


def _unreadable(path: str, error: HostError, gathering: Gathering) -> ConfigurationFile:
    gathering.note(f"the configuration {printable(path)}", error.message)
    return ConfigurationFile(path=printable(path), text="", sha256="", problem=error.message)


def _read_binary(service: Service, options: GatherOptions, gathering: Gathering) -> None:
    if options.haproxy_version is not None:
        gathering.set(assumed_version=options.haproxy_version)
        return
    if options.haproxy:
        binary, unknown = find_program(options.haproxy)
    else:
        binary, unknown = _own_binary(service, options, gathering)
    gathering.take(unknown)
    gathering.set(binary=binary)


def _own_binary(
    service: Service, options: GatherOptions, gathering: Gathering
) -> tuple[Binary | None, list[Unknown]]:
    main = service.main
    what = VERSION
    if not gathering.place.root.live:
        return None, [Unknown(what=what, why="the program of a tree is not run; --haproxy-version says it")]
    path = main.executable if main else next(iter(service.arguments), "")
    if not path:
        return find_program() if not main else (None, [Unknown(what=what, why="its program cannot be seen")])
    # The file on disk may be another one by now: /proc/PID/exe is what runs.
    actual = f"/proc/{main.pid}/exe" if main and main.executable_replaced else path
    why = gathering.place.may_run(actual)
    if why:
        return None, [Unknown(what=what, why=why)]
    return gathering.budget.ask(
        actual, lambda: read_program(actual, name=path, with_keywords=options.keywords)
    )


def _other_owner(service: Service) -> str:
    """Return who starts this HAProxy, "" for root."""
    if service.main is not None:
        return str(service.main.uid) if service.main.uid else ""
    user = service.unit.user if service.unit else ""
    return "" if user in {"", "0", "root"} else user


def _check(service: Service, directory: str, options: GatherOptions, gathering: Gathering) -> None:
    instance = gathering.instance
    main = service.main
    wanted = options.check if options.check is not None else main is not None or service.unit is not None
    if not wanted or instance.binary is None or not gathering.place.root.live:
        return
    what = "HAProxy's own check of the configuration"
    why = gathering.place.may_run(instance.binary.path)
    if not why and options.check is None and os.geteuid() == 0 and (owner := _other_owner(service)):
        why = f"it runs Lua and the like, and this HAProxy belongs to user {owner}; --check does it all the same"
    if not why and gathering.budget.spent:
        why = SPENT
    if why:
        gathering.note(what, why)
        return
    files = parse_arguments(service.arguments).files or service.files
    outcome, unknown = check_instance(
        instance,
        files=files,
        environment=environment_for_another(gathering.environment) or None,
        directory=directory,
        prefix=gathering.place.command_prefix(directory),
        budget=gathering.budget,
    )
    gathering.take(unknown)
    if (
        outcome is not None
        and not outcome.accepted
        and os.geteuid() != 0
        and (main is None or main.uid != os.geteuid())
    ):
        gathering.note(
            what, f"as user {os.geteuid()} it fails: {' / '.join(outcome.messages[:2])}; try as root"
        )
        return
    gathering.set(check=outcome)
