"""The virtual addresses of Keepalived: what keepalived.conf and the files that it includes say.

Source: keepalived.conf(5) of 2.2.8 ("virtual_ipaddress", "include", "CONDITIONAL CONFIGURATION", "PARAMETER
SUBSTITUTION"), lib/parser.c.
"""

import fnmatch
import ipaddress
import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from hitless.facts import FileText, Unknown, VirtualAddress
from hitless.host.errors import Gone, HostError
from hitless.host.redact import redact_text
from hitless.host.root import HostRoot

__all__ = ["MAIN_FILE", "Keepalived", "read_keepalived"]

MAIN_FILE = "/etc/keepalived/keepalived.conf"
LIMIT_BYTES = 1024 * 1024
MAX_FILES = 200
MAX_DEPTH = 16
MAX_ADDRESSES = 10_000
MAX_LINE = 4096
"""Characters of a line with variables replaced: definitions can double without end."""
MAX_UNKNOWN = 50

_DEFINITION = re.compile(r"\s*\$([A-Za-z_][A-Za-z0-9_]{0,63})\s*=\s*(.*?)\s*$")
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))")
_INCLUDES = frozenset({"include", "includer", "includem", "includew", "includeb", "includea"})
_BLOCKS = frozenset({"virtual_ipaddress", "virtual_ipaddress_excluded"})
_TOKEN = re.compile(r"\"[^\"]*\"|[{}]|[^\s{}\"]+|\"")


@dataclass(frozen=True, slots=True)
class Keepalived:
    """What Keepalived is told: its addresses, and its files (secrets redacted)."""

    addresses: tuple[VirtualAddress, ...]
    files: tuple[FileText, ...]
    unknown: tuple[Unknown, ...] = ()


@dataclass(slots=True)
class _Reader:
    root: HostRoot
    files: list[FileText] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)

    def lines(self, path: str, depth: int, open_files: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Yield each line without its comment, and where it is; included files stand in their line's place."""
        try:
            raw = self.root.read_text(path, limit_bytes=LIMIT_BYTES)
        except HostError as error:
            if not (isinstance(error, Gone) and depth == 0):
                self._miss(Unknown(what=f"Keepalived's {path}", why=error.message))
            return
        self.files.append(FileText(path=raw.path, text=redact_text(raw.text), truncated=raw.truncated))
        if raw.truncated:
            self.unknown.append(
                Unknown(what=f"the rest of {path}", why=f"it has more than {LIMIT_BYTES} bytes")
            )
        for number, line in enumerate(raw.text.split("\n"), 1):
            text = _without_comment(line)
            words = text.split()
            if words and words[0] in _INCLUDES and len(words) > 1:
                yield from self._included(words[1].strip('"'), path, depth, (*open_files, path))
            else:
                yield text, f"{raw.path}:{number}"

    def _miss(self, unknown: Unknown) -> None:
        if len(self.unknown) < MAX_UNKNOWN and unknown not in self.unknown:
            self.unknown.append(unknown)

    def _included(
        self, pattern: str, base: str, depth: int, open_files: tuple[str, ...]
    ) -> Iterator[tuple[str, str]]:
        # A relative name is taken from the directory of the file that includes it.
        full = posixpath.normpath(PurePosixPath(base).parent / _replaced(pattern, self.variables))
        for name in self._expanded(PurePosixPath(full)):
            if name in open_files or depth + 1 >= MAX_DEPTH or len(self.files) >= MAX_FILES:
                self.unknown.append(
                    Unknown(what=f"Keepalived's {name}", why="files include each other, or too many")
                )
                continue
            yield from self.lines(name, depth + 1, open_files)

    def _expanded(self, path: PurePosixPath) -> list[str]:
        if not any(c in path.name for c in "*?["):
            return [str(path)]
        try:
            names = self.root.names(str(path.parent))
        except HostError:  # a pattern that matches nothing is no error for Keepalived
            return []
        return [str(path.parent / name) for name in fnmatch.filter(names, path.name)][:MAX_FILES]


def read_keepalived(root: HostRoot, path: str = MAIN_FILE) -> Keepalived:
    """Return what Keepalived is told; without a configuration, there are no addresses."""
    reader = _Reader(root)
    addresses: list[VirtualAddress] = []
    stack: list[list[str]] = []  # the heads of the blocks that are open
    head: list[str] = []
    states: dict[str, str] = {}
    interfaces: dict[str, str] = {}
    for text, where in reader.lines(path, 0, ()):
        definition = _DEFINITION.match(text)
        if definition:
            reader.variables[definition[1]] = _replaced(definition[2], reader.variables)
            continue
        words = _TOKEN.findall(_replaced(text, reader.variables))
        # "@HOST" or "@^HOST" before a line: it counts on some nodes only; all of them are told.
        words = words[1:] if words and words[0].startswith("@") else words
        for statement, brace in _statements(words):
            head = statement or head
            instance = _instance(stack)
            if brace == "{":
                stack.append(head)
                head = []
            elif stack and stack[-1][:1] and stack[-1][0] in _BLOCKS:
                address = _address(statement, where, instance)
                if address is not None and len(addresses) < MAX_ADDRESSES:
                    addresses.append(address)
            elif instance and len(statement) > 1 and len(stack) == 1:
                _note(statement, instance, states, interfaces)
            if brace == "}":
                head = []
                if stack:
                    stack.pop()
    completed = tuple(_completed(a, states, interfaces) for a in addresses)
    return Keepalived(completed, tuple(reader.files), tuple(reader.unknown))


def _statements(words: Sequence[str]) -> Iterator[tuple[list[str], str]]:
    """Yield the words up to each brace, and the brace; what stands after the last one with ""."""
    current: list[str] = []
    for word in words:
        if word in {"{", "}"}:
            if word == "}" and current:
                yield current, ""
                current = []
            yield current, word
            current = []
        else:
            current.append(word.strip('"'))
    if current:
        yield current, ""


def _instance(stack: Sequence[Sequence[str]]) -> str:
    return next((head[1] for head in stack if head[:1] == ["vrrp_instance"] and len(head) > 1), "")


def _note(
    statement: Sequence[str], instance: str, states: dict[str, str], interfaces: dict[str, str]
) -> None:
    if statement[0] == "state":
        states[instance] = statement[1]
    elif statement[0] == "interface":
        interfaces[instance] = statement[1]


def _address(words: Sequence[str], where: str, instance: str) -> VirtualAddress | None:
    """Return one line of the block, "ADDRESS[/PREFIX] [brd ADDRESS] [dev INTERFACE] …", None if it is none."""
    try:
        interface = ipaddress.ip_interface(words[0]) if words else None
    except ValueError:  # a word that is no address
        return None
    if interface is None:
        return None
    device = next((words[i + 1] for i in range(1, len(words) - 1) if words[i] == "dev"), "")
    return VirtualAddress(
        address=str(interface.ip),
        prefix_length=interface.network.prefixlen,
        where=where,
        instance=instance,
        interface=device,
    )


def _completed(address: VirtualAddress, states: dict[str, str], interfaces: dict[str, str]) -> VirtualAddress:
    return VirtualAddress(
        address=address.address,
        prefix_length=address.prefix_length,
        where=address.where,
        instance=address.instance,
        interface=address.interface or interfaces.get(address.instance, ""),
        state=states.get(address.instance, ""),
    )


def _replaced(text: str, variables: dict[str, str]) -> str:
    if "$" not in text or len(text) > MAX_LINE:
        return text
    return _VARIABLE.sub(lambda m: variables.get(m[1] or m[2], m[0]), text)[:MAX_LINE]


def _without_comment(line: str) -> str:
    r"""Return a line up to "!" or "#" outside of quotes."""
    quoted = False
    for at, character in enumerate(line):
        if character == '"':
            quoted = not quoted
        elif character in "!#" and not quoted:
            return line[:at]
    return line
