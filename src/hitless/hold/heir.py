"""Take over what an earlier holder has left: one that we were before execve, or whose sockets systemd has kept."""

import os
import socket
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from hitless.errors import UsageError
from hitless.hold.instance import InstanceSpec, read_spec_document
from hitless.hold.memory import Memory, Remembered, RememberedSocket, set_inheritable
from hitless.hold.notify import listen_names
from hitless.host.held_listener import HeldListener, NamedAlready, read_listener, takes_what_comes

__all__ = ["MEMORY_VARIABLE", "Inheritance", "inherit", "name_of_door", "name_of_socket"]

MEMORY_VARIABLE = "HITLESS_HOLD_MEMORY"
"""The descriptor of the memory file, across execve."""
_MEMORY = "memory"
_DOOR = "door/"
_HELD = "held/"


def name_of_door(name: str) -> str:
    """Return what a listening socket of ours is called in systemd's store."""
    return _DOOR + name


def name_of_socket(instance: str, inode: int) -> str:
    """Return what a held socket is called in systemd's store."""
    return f"{_HELD}{instance}/{inode}"


@dataclass(slots=True)
class Inheritance:
    """What there was."""

    memory: Memory = field(default_factory=Memory)
    specs: dict[str, InstanceSpec] = field(default_factory=dict)
    doors: dict[str, socket.socket] = field(default_factory=dict)
    sockets: list[tuple[RememberedSocket, HeldListener]] = field(default_factory=list)
    from_store: bool = False


def inherit(environment: Mapping[str, str], say: Callable[[str], None]) -> Inheritance:
    """Return what an earlier holder has left; everything else that was passed is closed."""
    passed = listen_names(environment, os.getpid())
    set_inheritable(passed, inheritable=False)
    said = environment.get(MEMORY_VARIABLE, "")
    if said.isascii() and said.isdigit():
        passed = {int(said): _MEMORY}
    heir = _Heir(say)
    memories = [number for number, name in passed.items() if name == _MEMORY]
    heir.read_memory(memories)
    if said and memories:
        passed |= {number: name_of_door(name) for name, number in heir.remembered.doors.items()}
        passed |= {s.descriptor: name_of_socket(s.instance, i) for i, s in heir.remembered.sockets.items()}
        set_inheritable(passed, inheritable=False)
    for number, name in passed.items():
        heir.take(number, name)
    heir.found.from_store = not said and bool(passed)
    return heir.found


@dataclass(slots=True)
class _Heir:
    say: Callable[[str], None]
    found: Inheritance = field(default_factory=Inheritance)
    remembered: Remembered = field(default_factory=Remembered)

    def read_memory(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            memory = Memory(number)
            try:
                self.remembered = memory.read()
            except (UsageError, OSError) as error:
                self.say(f"{error}: sockets are known by their names alone")
                continue
            os.close(self.found.memory.descriptor)
            self.found.memory = memory
            self.found.specs = {spec.name: spec for spec in self.remembered.specs}

    def take(self, number: int, name: str) -> None:
        """Take one descriptor, or close it."""
        if number == self.found.memory.descriptor:
            return
        try:
            raw = socket.socket(fileno=number)
        except OSError:  # no socket: not ours
            with suppress(OSError):
                os.close(number)
            return
        if name.startswith(_DOOR):
            raw.setblocking(False)  # noqa: FBT003 - the standard library's way
            self.found.doors[name.removeprefix(_DOOR)] = raw
        elif not name.startswith(_HELD) or not self._take_held(raw, name):
            raw.close()

    def _take_held(self, raw: socket.socket, name: str) -> bool:
        instance = name.removeprefix(_HELD).rpartition("/")[0]
        inode = os.fstat(raw.fileno()).st_ino
        known = self.remembered.sockets.get(inode) if self.remembered.sockets else None
        known = known or RememberedSocket(instance, "", None, 0, raw.fileno())
        try:
            if not takes_what_comes(raw):
                self.say(f"{name} does not listen any more")
                return False
            if known.instance not in self.found.specs:
                self.found.specs[known.instance] = read_spec_document({"name": known.instance})
            listener = read_listener(raw, 0, NamedAlready(known.namespace))
        except (UsageError, OSError) as error:
            self.say(f"{name} cannot be held: {error}")
            return False
        raw.detach()
        self.found.sockets.append((known, listener))
        return True
