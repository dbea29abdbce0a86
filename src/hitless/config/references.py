"""The files, directories, users, groups and sockets that a configuration names and HAProxy needs.

Source: HAProxy 2.8 doc/configuration.txt; for the bases src/cfgparse-ssl.c (crt-base, ca-base),
src/ssl_crtlist.c, src/cfgparse.c cfg_apply_default_path(); for "opt@" and "virt@" (3.0) src/pattern.c.
"""

import os.path
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath

from hitless.config.active import ActiveSection
from hitless.config.model import Bind, Directive, FileReference
from hitless.config.options import bind_options, server_options
from hitless.config.patterns import pattern_files

__all__ = ["collect_references"]

_TLS_FILES = {
    "crt": "certificate",
    "default-crt": "certificate",
    "crt-list": "crt-list",
    "ca-file": "ca",
    "ca-verify-file": "ca",
    "ca-sign-file": "ca",
    "crl-file": "crl",
    "tls-ticket-keys": "other",
}
_TLS_WORDS = frozenset(_TLS_FILES)
_GLOBAL_FILES = {
    "chroot": "chroot",
    "pidfile": "pidfile",
    "user": "user",
    "group": "group",
    "lua-load": "lua",
    "lua-load-per-thread": "lua",
    "ssl-dh-param-file": "dh",
    "httpclient.ssl.ca-file": "ca",
    "server-state-base": "state-directory",
    **dict.fromkeys(
        (
            *("h1-case-adjust-file", "issuers-chain-path", "51degrees-data-file", "deviceatlas-json-file"),
            *("wurfl-data-file", "stats-file"),
        ),
        "other",
    ),
}
_NO_PATH = frozenset({"user", "group"})
_RETURN_FILES = {"file": "other", "lf-file": "other", "errorfile": "error-file"}
_STORE_FILES = frozenset({"crt", "key", "ocsp", "issuer", "sctl"})


@dataclass(slots=True)
class _Bases:
    """Where relative paths begin, as far as the lines read so far say."""

    crt: str = ""
    ca: str = ""
    key: str = ""
    state: str = ""
    default_path: tuple[str, ...] = ()

    def take_global(self, directive: Directive) -> None:
        keyword, value = directive.words[0], directive.words[1]
        if keyword == "crt-base":
            self.crt = value
        elif keyword == "ca-base":
            self.ca = value
        elif keyword == "key-base":
            self.key = value
        elif keyword == "server-state-base":
            self.state = value
        elif keyword == "default-path":
            self.default_path = directive.words[1:]

    def resolve(self, path: str, filename: str) -> str:
        """Return a path as `default-path` makes it."""
        how = self.default_path[0] if self.default_path else "current"
        folder = PurePosixPath(filename).parent
        if how == "parent":
            folder /= ".."
        elif how == "origin" and len(self.default_path) > 1:
            folder = PurePosixPath(self.default_path[1])
        elif how != "config":
            return path
        return os.path.normpath(folder / path)

    def tls_base(self, keyword: str) -> str:
        """Return the base that HAProxy puts before a TLS file whose path does not begin with a slash."""
        if keyword in {"ca-file", "ca-verify-file", "crl-file"}:
            return self.ca
        return self.key if keyword == "key" else self.crt if "crt" in keyword else ""


def collect_references(sections: Sequence[ActiveSection], binds: Iterable[Bind]) -> tuple[FileReference, ...]:
    """Return each thing named, once, with the line that names it first; `binds`: all of the model."""
    collector = _Collector()
    for section in sections:
        collector.take(section)
    found: dict[tuple[str, str, str], FileReference] = {}
    for reference in (*collector.found, *_socket_references(binds)):
        found.setdefault((reference.kind, reference.path, reference.detail), reference)
    return tuple(found.values())


def _socket_references(binds: Iterable[Bind]) -> Iterator[FileReference]:
    for bind in binds:
        for address in bind.addresses:
            if address.kind == "unix":
                yield FileReference("socket", address.host, bind.where)
        for owner in ("user", "group"):
            for name in bind.options.get(owner, ()):
                yield FileReference(owner, name, bind.where)


class _Collector:
    def __init__(self) -> None:
        self.found: list[FileReference] = []
        self._bases = _Bases()
        self._filename = ""

    def take(self, section: ActiveSection) -> None:
        self._filename = section.filename
        if section.kind == "crt-store":
            self._take_crt_store(section)
            return
        for directive in section.directives:
            words = directive.words
            if section.kind == "global" and len(words) > 1:
                self._take_global(directive)
            elif section.kind == "program" and words[0] in _NO_PATH:
                self._add(words[0], words[1:], directive)
            elif section.kind == "ring" and words[0] == "backing-file":
                self._add("other", words[1:], directive)
            else:
                self._take_line(directive)

    def _add(
        self, kind: str, paths: Sequence[str], directive: Directive, *, base: str = "", detail: str = ""
    ) -> None:
        """Note the first of these words as a path, if there is one."""
        for path in paths[:1]:
            if path.startswith("@") or not path:
                continue  # @system-ca, @store/name: no file
            if kind in _NO_PATH:
                full = path
            elif base and not path.startswith("/"):
                full = self._bases.resolve(f"{base}/{path}", self._filename)
            else:
                full = self._bases.resolve(path, self._filename)
            named = "certificate-directory" if kind == "certificate" and _looks_like_directory(path) else kind
            self.found.append(FileReference(named, full, directive.where, detail))

    def _take_global(self, directive: Directive) -> None:
        words = directive.words
        self._bases.take_global(directive)
        if words[0] in _GLOBAL_FILES:
            values = words[2:] if words[0] == "lua-load-per-thread" and words[1] == "" else words[1:]
            self._add(_GLOBAL_FILES[words[0]], values, directive)
        elif words[0] == "server-state-file":
            self._add("server-state", words[1:], directive, base=self._bases.state)
        elif words[0] == "unix-bind":
            for owner, name in pairwise(words):
                if owner in _NO_PATH:
                    self._add(owner, (name,), directive)
        else:
            self._take_line(directive)

    def _take_line(self, directive: Directive) -> None:
        words = directive.words
        keyword = words[0]
        if not _TLS_WORDS.isdisjoint(words):
            self._take_tls(directive)
        if keyword == "errorfile":
            self._add("error-file", words[2:], directive)
        elif keyword in {"http-request", "http-response", "http-error"}:
            self._take_return(directive)
        elif keyword == "filter" and "config" in words[:-1]:
            kind = "spoe" if words[1] == "spoe" else "other"
            self._add(kind, words[words.index("config") + 1 :], directive)
        elif words[:2] == ("external-check", "command"):
            self._add("other", words[2:], directive, detail="external-check")
        elif keyword == "server-state-file-name" and words[1:2] != ("use-backend-name",):
            self._add("server-state", words[1:], directive, base=self._bases.state)
        if keyword not in {"server", "bind"}:
            for found in pattern_files(words):
                self._add(found.kind, (found.path,), directive, detail=found.match)

    def _take_tls(self, directive: Directive) -> None:
        words = directive.words
        starts = {
            "bind": 2,
            "default-bind": 1,
            "server": 3,
            "server-template": 4,
            "default-server": 1,
            "peer": 3,
        }
        if words[:2] == ("stats", "socket"):
            options, _ = bind_options(words[3:])
        elif words[0] in {"bind", "default-bind"}:
            options, _ = bind_options(words[starts[words[0]] :])
        elif words[0] in starts:
            options = dict(server_options(words[starts[words[0]] :], {})[0])
        else:
            return
        detail = "server" if "server" in words[0] else "bind"
        for keyword, values in options.items():
            base = self._bases.tls_base(keyword)
            for value in values if keyword in _TLS_WORDS else ():
                self._add(_TLS_FILES[keyword], (value,), directive, base=base, detail=detail)

    def _take_return(self, directive: Directive) -> None:
        words = directive.words
        for before, word, value in zip(words, words[1:], words[2:], strict=False):
            if word in _RETURN_FILES and before not in {"string", "lf-string"}:
                self._add(_RETURN_FILES[word], (value,), directive)

    def _take_crt_store(self, section: ActiveSection) -> None:
        bases = {"crt-base": self._bases.crt, "key-base": self._bases.key}
        for directive in section.directives:
            words = directive.words
            if words[0] in bases and len(words) > 1:
                bases[words[0]] = words[1]
            elif words[0] == "load":
                for keyword, value in pairwise(words[1:]):
                    if keyword in _STORE_FILES:
                        base = bases["key-base" if keyword == "key" else "crt-base"]
                        kind = "certificate" if keyword == "crt" else "other"
                        self._add(kind, (value,), directive, base=base, detail=f"crt-store {keyword}")


def _looks_like_directory(path: str) -> bool:
    """Guess from the name, for the file may not exist here: HAProxy takes either for `crt`."""
    return path.endswith("/") or "." not in PurePosixPath(path).name
