"""The files of units on disk: where systemd looks for a unit and its drop-ins, in which order, and what hides what.

Source: systemd.unit(5) "UNIT FILE LOAD PATH", systemd 252 src/basic/path-lookup.c, src/shared/dropin.c.
"""

import fnmatch
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from hitless.facts import FileText, Unknown
from hitless.host.environment_file import parse_environment_file
from hitless.host.errors import Gone, HostError
from hitless.host.redact import redact_text
from hitless.host.root import HostRoot

__all__ = [
    "DIRECTORIES",
    "find_services",
    "is_masked",
    "read_environment_files",
    "read_files",
    "template_of",
    "unit_file_paths",
]

DIRECTORIES = (
    *("/etc/systemd/system.control", "/run/systemd/system.control", "/run/systemd/transient"),
    *(
        "/etc/systemd/system",
        "/run/systemd/system",
        "/run/systemd/generator",
        "/usr/local/lib/systemd/system",
    ),
    *("/usr/lib/systemd/system", "/lib/systemd/system", "/run/systemd/generator.late"),
)
"""Of the system manager, the first one wins."""

LIMIT_BYTES = 256 * 1024
MAX_DROP_INS = 200
_MASK = "/dev/null"


def find_services(root: HostRoot, patterns: Sequence[str]) -> list[str]:
    """Return the services with a file that match shell patterns; templates by their instances, where any is known."""
    names = {
        name for directory in DIRECTORIES for name in _unit_names(root, directory) if _matches(name, patterns)
    }
    aliases = {name for name in names if _alias_of(root, name) in names - {name}}
    instances = {name for name in names if template_of(name)}
    templates = {name for name in names if "@." in name}
    used = {template_of(name) for name in instances}
    return sorted(names - aliases - {t for t in templates if t in used})


def unit_file_paths(root: HostRoot, name: str) -> list[str]:
    """Return the files of a unit that apply: the unit file first (if there is one), then its drop-ins in order."""
    template = template_of(name)
    unit_file = next((p for n in (name, template) if n for p in _candidates(n) if _exists(root, p)), None)
    return [*([unit_file] if unit_file else []), *_drop_ins(root, name)]


def is_masked(root: HostRoot, path: str) -> bool:
    """Return whether a file is a symbolic link to /dev/null: systemd takes it as if there were nothing."""
    try:
        return root.read_link(path) == _MASK
    except HostError:  # no link
        return False


def read_files(root: HostRoot, paths: Sequence[str]) -> tuple[list[FileText], list[Unknown]]:
    """Return texts of unit files, secrets redacted, without those that are masked."""
    files: list[FileText] = []
    unknown: list[Unknown] = []
    for path in paths:
        if is_masked(root, path):
            continue
        try:
            file = root.read_text(path, limit_bytes=LIMIT_BYTES)
        except HostError as error:
            unknown.append(Unknown(what=f"unit file {path}", why=error.message))
            continue
        files.append(FileText(path=file.path, text=redact_text(file.text), truncated=file.truncated))
    return files, unknown


def read_environment_files(root: HostRoot, paths: Sequence[str]) -> tuple[dict[str, str], list[Unknown]]:
    """Return the variables of EnvironmentFile= (patterns allowed), the later file first; a missing one holds none."""
    variables: dict[str, str] = {}
    unknown: list[Unknown] = []
    for path in (found for pattern in paths for found in _expanded(root, pattern)):
        try:
            variables.update(parse_environment_file(root.read_text(path, limit_bytes=LIMIT_BYTES).text))
        except Gone:
            continue
        except HostError as error:
            unknown.append(Unknown(what=f"environment file {path}", why=error.message))
    return variables, unknown


def _expanded(root: HostRoot, pattern: str) -> list[str]:
    path = PurePosixPath(pattern)
    if not any(c in path.name for c in "*?["):
        return [pattern]
    return [str(path.parent / name) for name in fnmatch.filter(_names(root, str(path.parent)), path.name)]


def _unit_names(root: HostRoot, directory: str) -> Iterator[str]:
    """Yield the units that a directory knows: files, and those that a target wants or that have drop-ins."""
    for name in _names(root, directory):
        if name.endswith(".service"):
            yield name
        elif name.endswith(".service.d") and "@" in name and "@." not in name:
            yield name.removesuffix(".d")
        elif name.endswith((".wants", ".requires")):
            yield from (n for n in _names(root, f"{directory}/{name}") if "@" in n)


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return name.endswith(".service") and any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _alias_of(root: HostRoot, name: str) -> str:
    """Return the unit that another name links to, "" if it is no alias."""
    for path in _candidates(name):
        try:
            target = PurePosixPath(root.read_link(path)).name
        except HostError:  # not there, or no link
            if _exists(root, path):
                return ""
            continue
        return "" if target == name or target == template_of(name) else target
    return ""


def template_of(name: str) -> str:
    """Return "haproxy@.service" for "haproxy@edge.service", "" for what is no instance."""
    prefix, at, rest = name.partition("@")
    return f"{prefix}@.{rest.rpartition('.')[2]}" if at and not rest.startswith(".") else ""


def _candidates(name: str) -> list[str]:
    return [f"{directory}/{name}" for directory in DIRECTORIES]


def _drop_ins(root: HostRoot, name: str) -> list[str]:
    """Return the drop-ins in the order in which they apply: by file name; the first directory's one hides others."""
    found: dict[str, str] = {}
    for level in _levels(name):
        for directory in (f"{parent}/{level}.d" for parent in DIRECTORIES):
            for entry in _names(root, directory):
                if entry.endswith(".conf") and len(found) < MAX_DROP_INS:
                    found.setdefault(entry, f"{directory}/{entry}")
    return [found[entry] for entry in sorted(found) if not is_masked(root, found[entry])]


def _levels(name: str) -> list[str]:
    """Return what drop-in directories are named after: the unit, its template, its dashed prefixes, its type."""
    levels = [name]
    template = template_of(name)
    stem, _, suffix = name.rpartition(".")
    for full in (name, template):
        prefix = full.rpartition(".")[0].partition("@")[0]
        at = "@" if "@" in full else ""
        while "-" in prefix.rstrip("-"):
            prefix = prefix.rstrip("-").rpartition("-")[0] + "-"
            levels.append(f"{prefix}{at}.{suffix}")
    return (
        list(dict.fromkeys([levels[0], *([template] if template else []), *levels[1:], suffix]))
        if stem
        else levels
    )


def _names(root: HostRoot, directory: str) -> list[str]:
    try:
        return root.names(directory)
    except HostError:  # most of these directories are not there
        return []


def _exists(root: HostRoot, path: str) -> bool:
    try:
        root.stat(path, follow=False)
    except HostError:
        return False
    return True
