"""The tmpfiles.d files that make HAProxy's directories at boot.

Source: tmpfiles.d(5) "CONFIGURATION DIRECTORIES AND PRECEDENCE" of systemd 252: a file hides one of the same name in
a later directory, a link to /dev/null hides it without replacing it.
"""

from collections.abc import Sequence

from hitless.facts import FileText, Unknown
from hitless.host.errors import Gone, HostError
from hitless.host.root import HostRoot
from hitless.host.script_reader import names_haproxy
from hitless.host.unit_paths import is_masked
from hitless.host.unit_syntax import split_words

__all__ = ["configuration_files", "read_tmpfiles"]

_DIRECTORIES = (
    *(
        "/etc/tmpfiles.d",
        "/run/tmpfiles.d",
        "/usr/local/lib/tmpfiles.d",
        "/usr/lib/tmpfiles.d",
        "/lib/tmpfiles.d",
    ),
)
LIMIT_BYTES = 256 * 1024


def read_tmpfiles(
    root: HostRoot, directories: Sequence[str] = ()
) -> tuple[tuple[FileText, ...], list[Unknown]]:
    """Return the files that name HAProxy or one of these directories, in the order in which they apply."""
    unknown: list[Unknown] = []
    found: list[FileText] = []
    for path in configuration_files(root, _DIRECTORIES, unknown):
        try:
            file = root.read_text(path, limit_bytes=LIMIT_BYTES)
        except HostError as error:
            unknown.append(Unknown(what=f"tmpfiles.d file {path}", why=error.message))
            continue
        if names_haproxy(file.text) or _names_one_of(file.text, directories):
            found.append(file)
    return tuple(found), unknown


def configuration_files(root: HostRoot, directories: Sequence[str], unknown: list[Unknown]) -> list[str]:
    """Return the *.conf files of directories where the first one hides those of the same name; sorted by name."""
    found: dict[str, str] = {}
    for directory in directories:
        try:
            names = root.names(directory)
        except Gone:
            continue
        except HostError as error:
            unknown.append(Unknown(what=f"files in {directory}", why=error.message))
            continue
        for name in names:
            if name.endswith(".conf"):
                found.setdefault(name, f"{directory}/{name}")
    return [found[name] for name in sorted(found) if not is_masked(root, found[name])]


def _names_one_of(text: str, directories: Sequence[str]) -> bool:
    wanted = {directory.rstrip("/") for directory in directories}
    # /var/run is a link to /run; tmpfiles.d files still use both names.
    wanted |= {f"/var{d}" for d in wanted if d.startswith("/run")} | {
        d.removeprefix("/var") for d in wanted if d.startswith("/var/run")
    }
    for line in text.split("\n"):
        words = split_words(line, relaxed=True) if wanted and not line.lstrip().startswith("#") else []
        if len(words) > 1 and words[1].rstrip("/") in wanted:
            return True
    return False
