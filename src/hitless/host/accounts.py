"""Users and groups by name and number: of this host through its name services, of a tree from its files.

Source: passwd(5), group(5), nsswitch.conf(5).
"""

import grp
import pwd
from collections.abc import Iterable
from dataclasses import dataclass, field

from hitless.facts import Account
from hitless.host.errors import HostError
from hitless.host.root import HostRoot, printable

__all__ = ["Accounts"]

_FILE_SIZE_BYTES = 16 * 1024 * 1024
_KINDS = {"user": "/etc/passwd", "group": "/etc/group"}
_MAX_IDENTIFIER = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class Accounts:
    """Who is called what on one host. A tree's files are read once, when first asked."""

    root: HostRoot
    _tables: dict[str, dict[str, int]] = field(default_factory=dict)

    def identifier(self, kind: str, name: str) -> int | None:
        """Return the uid ("user") or gid ("group") of a name, None if there is none."""
        if not self._is_this_host:
            return self._table(kind).get(name)
        try:
            return pwd.getpwnam(name).pw_uid if kind == "user" else grp.getgrnam(name).gr_gid
        except (
            KeyError,
            ValueError,
        ):  # ValueError: a name that no account can have, such as one with a NUL byte
            return None

    def name(self, kind: str, identifier: int) -> str:
        """Return the name of a uid or gid, "" if it has none."""
        if not self._is_this_host:
            table = self._table(kind)
            return next((name for name, number in table.items() if number == identifier), "")
        try:
            name = pwd.getpwuid(identifier).pw_name if kind == "user" else grp.getgrgid(identifier).gr_name
        except (KeyError, OverflowError):
            return ""
        return printable(name)

    def read(self, users: Iterable[str], groups: Iterable[str]) -> tuple[Account, ...]:
        """Return what the named users and groups are, each once, in order."""
        wanted = [("user", n) for n in dict.fromkeys(users)] + [("group", n) for n in dict.fromkeys(groups)]
        return tuple(
            Account(kind=kind, name=printable(name), identifier=self.identifier(kind, name))
            for kind, name in wanted
        )

    @property
    def _is_this_host(self) -> bool:
        """A container's root is live and not this host: its accounts are in its files."""
        return self.root.live and self.root.path == HostRoot().path

    def _table(self, kind: str) -> dict[str, int]:
        if kind not in self._tables:
            self._tables[kind] = _read_table(self.root, _KINDS[kind])
        return self._tables[kind]


def _read_table(root: HostRoot, path: str) -> dict[str, int]:
    try:
        text = root.read_text(path, limit_bytes=_FILE_SIZE_BYTES).text
    except HostError:  # a tree without accounts: no name is known
        return {}
    table: dict[str, int] = {}
    for line in text.split("\n"):
        fields = line.split(":")
        if len(fields) > 2 and fields[2].isascii() and fields[2].isdigit() and len(fields[2]) <= 10:
            identifier = int(fields[2])
            if fields[0] and identifier <= _MAX_IDENTIFIER:
                table.setdefault(fields[0], identifier)
    return table
