"""Learn from HAProxy's own refusal what else the sandbox must supply (pure).

The typed view of a configuration cannot see everything (entries of a crt-list, files named by rules it does
not know), so `haproxy -c` and the start have the last word: the messages name the file, the caller supplies
it and tries again.
Source: messages taken from HAProxy 2.6.12 and 2.8.25; the spellings of 2.2 and 3.x from their sources.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from hitless.config.model import FileReference, Model

__all__ = ["LUA_SYMBOL", "Refusal", "learn_from_refusal", "resolve_references"]

LUA_SYMBOL = "lua-symbol"
"""Something that a missing Lua script would have registered: nothing can stand in for it."""

_LINE_LIMIT = 2_000
_EMPTY_DIRECTORY = "certificate-directory"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that HAProxy lacks. `kind` is one of `FileReference.kind`, or LUA_SYMBOL."""

    kind: str
    path: str
    """The file as HAProxy names it, or the user, group or Lua name; "" if the message does not say."""
    where: str
    message: str

    @property
    def explanation(self) -> str:
        """What to tell the operator if it cannot be supplied."""
        if self.kind == LUA_SYMBOL:
            return (
                f"{self.where}: {self.path} is registered by a Lua script that is not here, and nothing can "
                "stand in for a program: put the script where the configuration says"
            )
        return f"{self.where}: {self.message}"


_WHERE = re.compile(r"\[([^\[\]\s]+:\d+)\]")
_PREFIX = re.compile(r"^\[(?:ALERT|WARNING)\]\s+(?:\d+/\d+ )?\(\d+\) : ")

_PATTERNS = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("certificate", r"unable to stat SSL certificate from file '(.+?)'"),
        ("certificate", r"No Private Key found in '(.+?)(?:\.key)?'"),
        ("certificate", r"unable to load (?:SSL )?(?:certificate|private key)\S* from (?:PEM )?file '(.+?)'"),
        (_EMPTY_DIRECTORY, r"()no SSL certificate specified for bind '"),
        ("crl", r"'crl-file' : unable to load (.+?)\.?$"),
        ("ca", r"'ca-(?:verify-)?file' : unable to load (.+?)\.?$"),
        ("crt-list", r"'crt-list' : cannot open file '(.+?)'"),
        ("ticket-keys", r"'([^']+)' : unable to load ssl tickets keys file"),
        ("map", r"converter 'map\w*' : failed to open pattern file <(.+?)>"),
        ("acl", r"failed to open pattern file <(.+?)>"),
        ("error-file", r"error opening file '(.+?)'"),
        ("spoe", r"Could not open configuration file (.+?) : "),
        (LUA_SYMBOL, r"(?:got|unknown (?:converter|fetch method)) '(lua\.[^']+)'"),
        (LUA_SYMBOL, r"'(lua\.[^']+)' unknown service name"),
        ("lua", r"error in Lua file '(.+?)': cannot open"),
        ("dh", r"unable to load DH parameters from file <(.+?)>"),
        ("user", r"cannot find user id for '(.+?)'"),
        ("group", r"cannot find group id for '(.+?)'"),
        ("user", r"unknown user name '(.+?)'"),
        ("group", r"unknown group name '(.+?)'"),
        ("chroot", r"Cannot chroot\d?\((.+?)\)"),
        ("socket", r"cannot bind UNIX socket \(No such file or directory\) (?:for )?\[(.+?)\]"),
        ("pidfile", r"Cannot create pidfile (.+)$"),
        ("other", r"cannot open backing-file '(.+?)' for ring"),
    )
)
"""The first that matches a line counts."""


def learn_from_refusal(stderr: str) -> tuple[Refusal, ...]:
    """Return what HAProxy's messages say is missing or unreadable, each thing once; others say nothing."""
    found: dict[tuple[str, str, str], Refusal] = {}
    for line in stderr.splitlines():
        message = _PREFIX.sub("", line[:_LINE_LIMIT]).strip()
        for kind, pattern in _PATTERNS:
            match = pattern.search(message)
            if match is None:
                continue
            place = _WHERE.search(message)
            refusal = Refusal(kind, match[1], place[1] if place else "", message)
            found.setdefault((kind, match[1], refusal.where if not match[1] else ""), refusal)
            break
    return tuple(found.values())


def resolve_references(
    refusals: Iterable[Refusal], model: Model, *, directory: str
) -> tuple[tuple[FileReference, ...], tuple[Refusal, ...]]:
    """Return what can be supplied, as references for `plan_for_refusal`, and what cannot.

    `directory` is HAProxy's working directory, for the relative paths in its messages.
    """
    references: list[FileReference] = []
    impossible: list[Refusal] = []
    for refusal in refusals:
        paths = [refusal.path] if refusal.path else _certificate_directories(model, refusal.where)
        if refusal.kind == LUA_SYMBOL or not paths:
            impossible.append(refusal)
            continue
        if refusal.kind not in {"user", "group"}:
            paths = [str(PurePosixPath(directory) / path) for path in paths]
        references += [FileReference(refusal.kind, path, refusal.where) for path in paths]
    return tuple(references), tuple(impossible)


def _certificate_directories(model: Model, where: str) -> list[str]:
    """Return the `crt` arguments of the bind at a place: HAProxy found no certificate in any of them."""
    binds = [bind for proxy in model.proxies for bind in proxy.binds]
    return [path for bind in binds if bind.where == where for path in bind.options.get("crt", ())][:1]
