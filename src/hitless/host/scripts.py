"""The files that touch HAProxy: cron, timers, logrotate, certificate hooks, network hooks, and trees a person names."""

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass

from hitless.facts import Script, Unknown
from hitless.host.errors import HostError
from hitless.host.keepalived import read_keepalived
from hitless.host.root import HostRoot, kind_of
from hitless.host.script_reader import ScriptReader, code_of, names_haproxy
from hitless.host.script_trees import read_tree
from hitless.host.unit_paths import DIRECTORIES
from hitless.host.unit_syntax import assignments, split_words

__all__ = ["read_scripts"]


@dataclass(frozen=True, slots=True)
class _Place:
    """A file, or a directory whose files are read (`depth` levels of directories below it too)."""

    path: str
    kind: str
    suffix: str = ""
    depth: int = 0
    only_if: re.Pattern[str] | None = None


_HOOK = re.compile(r"^\s*[\w-]*hook\s*=")
_PLACES = (
    *(_Place(p, "cron") for p in ("/etc/crontab", "/etc/anacrontab", "/etc/cron.d", "/var/spool/cron")),
    *(_Place(f"/etc/cron.{often}", "cron") for often in ("hourly", "daily", "weekly", "monthly")),
    _Place("/var/spool/cron/crontabs", "cron"),
    *(_Place(p, "logrotate") for p in ("/etc/logrotate.conf", "/etc/logrotate.d")),
    _Place("/etc/letsencrypt/renewal-hooks", "certbot", depth=1),
    _Place("/etc/letsencrypt/renewal", "certbot", suffix=".conf", only_if=_HOOK),
    _Place("/etc/letsencrypt/cli.ini", "certbot", only_if=re.compile(r"^\s*[\w-]*hook\s*[= ]")),
    *(_Place(p, "acme", suffix=".conf", depth=1) for p in ("/root/.acme.sh", "/etc/acme.sh", "/opt/acme.sh")),
    *(_Place(p, "acme", depth=1) for p in ("/etc/dehydrated", "/etc/lego", "/etc/acme")),
    *(_Place(f"/etc/network/if-{when}.d", "network") for when in ("pre-up", "up", "down", "post-down")),
    *(
        _Place(p, "network", depth=1)
        for p in ("/etc/NetworkManager/dispatcher.d", "/etc/networkd-dispatcher")
    ),
    _Place("/etc/keepalived", "keepalived", depth=1),
    _Place("/etc/init.d/haproxy", "sysv-init"),
    _Place("/etc/apt/apt.conf.d", "package"),
    *(_Place(p, "script") for p in ("/etc/rc.local", "/usr/local/bin", "/usr/local/sbin")),
    _Place("/etc/haproxy", "script", suffix=".sh"),
)
_MAX_CALLED = 100
_MAX_UNITS = 3000
_OWN_PROGRAM = re.compile(r"(?:^|/)(?:haproxy|hapee)(?:-lb|-systemd-wrapper|-\d[\w.]*)?$")
_PATH = re.compile(r"(?<![\w./-])/(?:usr/local|opt|root|home|srv|etc|var/lib)/[\w./@+-]{1,256}")
_CALLED_SUFFIXES = (".sh", ".bash", ".py", ".pl", ".rb")


def read_scripts(root: HostRoot, extra: Sequence[str]) -> tuple[tuple[Script, ...], list[Unknown]]:
    """Return the files that name HAProxy outside of comments, and those that they call; and what could not be seen.

    `extra` are files and directories of this machine (not of the tree `root`) that a person names.
    """
    reader = ScriptReader(root)
    for place in _PLACES:
        _read_place(reader, place)
    _read_units(reader)
    for file in read_keepalived(root).files:
        if names_haproxy(file.text):
            reader.keep(file.path, "keepalived", file)
    _read_called(reader)
    named = ScriptReader(HostRoot())
    for path in extra:
        read_tree(named, path)
    return tuple({**reader.scripts, **named.scripts}.values()), [*reader.unknown, *named.unknown]


def _read_place(reader: ScriptReader, place: _Place) -> None:
    names = reader.names(place.path) if _is_directory(reader, place.path) else None
    if names is None:
        if place.path.endswith(place.suffix):
            reader.take(place.path, place.kind, only_if=place.only_if)
        return
    for name in names:
        path = f"{place.path}/{name}"
        if _is_directory(reader, path):
            if place.depth > 0:
                _read_place(reader, _Place(path, place.kind, place.suffix, place.depth - 1, place.only_if))
        elif name.endswith(place.suffix):
            reader.take(path, place.kind, only_if=place.only_if)


def _is_directory(reader: ScriptReader, path: str) -> bool:
    try:
        return kind_of(reader.root.stat(path)) == "directory"
    except HostError:  # missing, or no right to look: reading it says which
        return False


def _read_units(reader: ScriptReader) -> None:
    """Read the services other than HAProxy's own with commands that name it, and say which timer starts them."""
    seen: set[str] = set()
    for directory in DIRECTORIES:
        names = reader.names(directory)[:_MAX_UNITS]
        for name in names:
            if name.endswith(".service") and name not in seen:
                seen.add(name)
                timer = f"{name.removesuffix('.service')}.timer"
                _read_unit(reader, f"{directory}/{name}", timer if timer in names else "")
            elif name.endswith(".service.d") and not name.startswith(("haproxy.", "haproxy@", "hapee")):
                for entry in reader.names(f"{directory}/{name}"):
                    _read_unit(reader, f"{directory}/{name}/{entry}", name.removesuffix(".d"))


def _read_unit(reader: ScriptReader, path: str, named_by: str) -> None:
    file = reader.read(path)
    if file is None or not names_haproxy(file.text):
        return
    commands = [s for s in assignments(file) if s.name.startswith("Exec")]
    programs = [w[0].lstrip("-@:+!|") for s in commands if s.name == "ExecStart" and (w := _words(s.value))]
    if any(_OWN_PROGRAM.search(program) for program in programs):
        return
    if any(names_haproxy(s.value) for s in commands):
        reader.keep(path, "systemd", file, named_by=named_by)


def _words(value: str) -> list[str]:
    return split_words(value, relaxed=True)


def _read_called(reader: ScriptReader) -> None:
    """Read the programs that the scripts call by their path, as far as they are scripts themselves.

    What Keepalived calls is Keepalived's: it runs at each change of roles, without a person.
    """
    waiting = list(reader.scripts.values())
    looked_at: set[str] = set()
    while waiting and len(looked_at) < _MAX_CALLED:
        script = waiting.pop()
        for number, line in enumerate(script.text.split("\n"), 1):
            for match in _PATH.finditer(code_of(line)):
                path = posixpath.normpath(match[0])
                if path in looked_at or path in reader.scripts or len(looked_at) >= _MAX_CALLED:
                    continue
                looked_at.add(path)
                file = reader.read(path)
                if file is not None and (file.text.startswith("#!") or path.endswith(_CALLED_SUFFIXES)):
                    kind = "keepalived" if script.kind == "keepalived" else "script"
                    reader.keep(path, kind, file, named_by=f"{script.path}:{number}")
                    waiting.append(reader.scripts[path])
