"""Reading many small text files within bounds, and telling which of them touch HAProxy."""

import base64
import binascii
import re
from dataclasses import dataclass, field

from hitless.facts import FileText, Script, Unknown
from hitless.host.errors import Gone, HostError
from hitless.host.redact import redact_text
from hitless.host.root import HostRoot, kind_of

__all__ = ["ScriptReader", "code_of", "names_haproxy"]

LIMIT_BYTES = 64 * 1024
MAX_FILES = 5000
MAX_TOTAL_BYTES = 50 * 1024 * 1024
MAX_UNKNOWN = 50

_HAPROXY = re.compile(r"haproxy|hapee", re.IGNORECASE)
_COMMENT_START = ("#", ";", "//")
_TRAILING_COMMENT = re.compile(r"(?<=\s)#(?!\{).*")
_ENCODED = re.compile(r"__ACME_BASE64__START_([A-Za-z0-9+/=]{0,20000})__ACME_BASE64__END_")


def code_of(line: str) -> str:
    """Return a line without its comment; "" for a line that is one (as `hitless.audit.scripts` takes comments)."""
    stripped = line.strip()
    if stripped.startswith(_COMMENT_START) and not stripped.startswith("#!"):
        return ""
    return _TRAILING_COMMENT.sub("", line)


def names_haproxy(text: str) -> bool:
    """Return whether a text names HAProxy outside of comments."""
    return _HAPROXY.search(text) is not None and any(_HAPROXY.search(code_of(x)) for x in text.split("\n"))


@dataclass(slots=True)
class ScriptReader:
    """What has been read so far: the scripts, what could not be seen, and how much is left of the bounds."""

    root: HostRoot
    scripts: dict[str, Script] = field(default_factory=dict)
    unknown: list[Unknown] = field(default_factory=list)
    files_left: int = MAX_FILES
    bytes_left: int = MAX_TOTAL_BYTES

    def names(self, directory: str) -> list[str]:
        """Return the names in a directory, [] where there is none; hidden files and editors' copies left out."""
        try:
            names = self.root.names(directory)
        except Gone:
            return []
        except HostError as error:
            self.miss(f"scripts in {directory}", error.message)
            return []
        return [
            n for n in names if not n.startswith(".") and not n.endswith(("~", ".bak", ".swp", ".dpkg-old"))
        ]

    def read(self, path: str) -> FileText | None:
        """Return a text file; None for what is not there, no file, binary, or above the bounds."""
        if self.files_left <= 0 or self.bytes_left <= 0:
            self.miss(
                "more scripts", f"only {MAX_FILES} files or {MAX_TOTAL_BYTES} bytes of scripts are read"
            )
            return None
        try:
            if kind_of(self.root.stat(path)) != "file":
                return None
            if b"\0" in self.root.read_bytes(path, limit_bytes=1024)[0]:  # a program
                return None
            file = self.root.read_text(path, limit_bytes=LIMIT_BYTES)
        except Gone:
            return None
        except HostError as error:
            self.miss(f"script {path}", error.message)
            return None
        self.files_left -= 1
        self.bytes_left -= len(file.text)
        return file

    def take(
        self, path: str, kind: str, *, named_by: str = "", only_if: re.Pattern[str] | None = None
    ) -> bool:
        """Read a file, and keep it if it names HAProxy (on a line that `only_if` finds); return whether it is kept."""
        file = None if path in self.scripts else self.read(path)
        if file is None:
            return path in self.scripts
        text = _decoded(file.text)
        relevant = "\n".join(x for x in text.split("\n") if only_if.search(x)) if only_if else text
        if names_haproxy(relevant):
            self.keep(path, kind, file, named_by=named_by)
            return True
        return False

    def keep(self, path: str, kind: str, file: FileText, *, named_by: str = "") -> None:
        """Keep a file as a script."""
        text = redact_text(_decoded(file.text))
        self.scripts[path] = Script(
            path=path, kind=kind, text=text, truncated=file.truncated, named_by=named_by
        )

    def miss(self, what: str, why: str) -> None:
        """Note what could not be seen, once."""
        unknown = Unknown(what=what, why=why)
        if unknown not in self.unknown and len(self.unknown) < MAX_UNKNOWN:
            self.unknown.append(unknown)


def _decoded(text: str) -> str:
    """Return a text with acme.sh's encoded commands in clear (Le_ReloadCmd='__ACME_BASE64__START_…').

    Source: acme.sh 3.0 _savedomainconf(), "base64" argument.
    """

    def clear(match: re.Match[str]) -> str:
        try:
            decoded = base64.b64decode(match[1], validate=True).decode("utf-8", "backslashreplace")
        except (binascii.Error, ValueError):
            return match[0]
        return "; ".join(decoded.splitlines())

    return _ENCODED.sub(clear, text)
