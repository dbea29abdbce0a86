"""The holder: its instances, its sockets, its loop."""

import os
import pwd
import signal
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from hitless.control.socket_transfer import PassedListener
from hitless.errors import HitlessError, UsageError
from hitless.hold.asking import AskDoor
from hitless.hold.controlling import ControlDoor
from hitless.hold.door import Door, open_listening, prepare_directory
from hitless.hold.follow import Changes, Follower
from hitless.hold.heir import Inheritance, name_of_door, name_of_socket
from hitless.hold.held import Held, Instance, LetGo
from hitless.hold.instance import InstanceSpec, read_spec_document
from hitless.hold.loop import Loop
from hitless.hold.memory import encode
from hitless.hold.notify import Notifier
from hitless.hold.offer import offer_listeners
from hitless.hold.pace import Pace
from hitless.hold.places import ask_path, control_path
from hitless.hold.requests import Request
from hitless.hold.status import status_document
from hitless.hold.take import fetch_held
from hitless.hold.upgrade import Upgrade

__all__ = ["Daemon", "end_on_signals"]

_TAKE_TIMEOUT_S = 2.0
"""Nobody else is served meanwhile; it is root who says from whom."""
_END_S = 3.0
_CONTROL = "control"
_MOST_INSTANCES = 256


@dataclass(slots=True)
class Daemon:
    """Everything that runs."""

    directory: str
    notifier: Notifier
    say: Callable[[str], None]
    loop: Loop
    instances: dict[str, Instance] = field(default_factory=dict)
    pace: Pace = field(default_factory=Pace)
    inheritance: Inheritance = field(default_factory=Inheritance)
    follower: Follower = field(init=False)
    upgrade: Upgrade = field(init=False)
    doors: dict[str, Door] = field(default_factory=dict)
    started_s: float = field(default_factory=time.monotonic)
    ends_at_s: float | None = None
    """When we end although somebody is still being served; None while we do not end at all."""

    def __post_init__(self) -> None:
        self.follower = Follower(self.instances, self.say)
        self.upgrade = Upgrade(self.loop, self.say, self._descriptors)

    # What it holds

    def start(self, specs: Iterable[InstanceSpec]) -> None:
        """Open the doors, with what was inherited and what is asked for.

        Raises: UsageError
        """
        prepare_directory(self.directory)
        for spec in {**self.inheritance.specs, **{spec.name: spec for spec in specs}}.values():
            self.add(spec)
        for known, listener in self.inheritance.sockets:
            held = self.follower.add(self.instances[known.instance], listener)
            if held is not None:
                held.unattended_since_s = known.unattended_since_s
                held.last_start_ticks = known.last_start_ticks
                self._store(held, known.instance)
        self._open(_CONTROL, self._control_door())
        for door in self.inheritance.doors.values():
            door.close()  # of an instance that is no more
        self.inheritance = Inheritance(self.inheritance.memory)
        self.notifier.store("memory", self.inheritance.memory.descriptor)
        self._scan()
        self._remember()
        self.notifier.send("READY=1")

    def add(self, spec: InstanceSpec) -> Instance:
        """Hold for an instance; one that is known gets the new settings.

        Raises: UsageError
        """
        if len(self.instances) >= _MOST_INSTANCES and spec.name not in self.instances:
            raise UsageError(f"There are {_MOST_INSTANCES} instances already.")
        uid = _uid(spec.user)
        known = self.instances.get(spec.name)
        if known is None or known.spec.user != spec.user:
            self._open(spec.name, self._ask_door(spec.name, uid))
        if known is None:
            known = self.instances[spec.name] = Instance(spec)
        known.spec = spec
        self.pace.hurry()
        return known

    def drop(self, name: str) -> int:
        """Let an instance go, with all that is held for it.

        Raises: UsageError if there is none.
        """
        instance = self._instance(name)
        gone = [instance.drop(inode, "its instance was dropped") for inode in list(instance.sockets)]
        self._after(added=(), let_go={name: gone})
        del self.instances[name]
        self.doors.pop(name).close()
        self._remember()
        with suppress(OSError):
            os.unlink(ask_path(self.directory, name))  # noqa: PTH108 - a plain string
        self.notifier.remove(name_of_door(name))
        return len(gone)

    def take(self, name: str, address: str) -> int:
        """Take what somebody offers at an address; return how many sockets are held anew.

        Raises: UsageError, ControlError.
        """
        instance = self._instance(name)
        try:
            held = fetch_held(address, _TAKE_TIMEOUT_S)
        except ValueError as error:
            raise UsageError(str(error)) from error
        listeners, held.listeners = held.listeners, ()
        added = [one for listener in listeners if (one := self.follower.add(instance, listener)) is not None]
        for one in added:
            self._store(one, name)
        self._remember()
        self.pace.hurry()
        return len(added)

    def _instance(self, name: str) -> Instance:
        if name not in self.instances:
            raise UsageError(f"There is no instance {name[:80]!r} here.")
        return self.instances[name]

    # Its doors

    def _open(self, name: str, door: Door) -> None:
        before = self.doors.pop(name, None)
        if before is not None:
            before.close()
        self.doors[name] = door
        door.open()
        inherited = self.inheritance.doors.pop(name, None)
        if inherited is not None:  # who has come meanwhile waits there
            door.accept(inherited)
            inherited.close()
        self.notifier.remove(name_of_door(name))
        self.notifier.store(name_of_door(name), door.listening.fileno())

    def _ask_door(self, name: str, uid: int) -> AskDoor:
        return AskDoor(
            open_listening(ask_path(self.directory, name), uid),
            self.loop,
            frozenset({0, os.geteuid(), uid}),
            lambda text: self.say(f"{name}: {text}"),
            offer=lambda pid: self._offer(name, pid),
            on_served=lambda pid, number: self.say(f"{name}: process {pid} has got {number} sockets"),
        )

    def _control_door(self) -> ControlDoor:
        own = os.geteuid()
        listening = open_listening(control_path(self.directory), own)
        return ControlDoor(listening, self.loop, frozenset({0, own}), self.say, act=self.act)

    def _offer(self, name: str, pid: int) -> tuple[PassedListener, ...]:
        """Return what a process that asks gets: what is true now."""
        instance = self.instances[name]
        if self.pace.has_moved(self.follower.observer.glimpse):
            self._scan()
        if pid > 0:
            instance.asked[pid] = time.monotonic()
        self.pace.hurry()
        return offer_listeners(instance.listeners())

    def act(self, request: Request) -> dict[str, object]:
        """Do what is asked for at the control socket.

        Raises: HitlessError
        """
        fields = request.fields
        if request.op == "status":
            return {"status": status_document(self.instances, self.directory, self.started_s)}
        if request.op == "add":
            self.add(read_spec_document(fields["instance"]))
            self._scan()
            self._remember()
            return {}
        if request.op == "drop":
            return {"dropped": self.drop(fields["name"])}
        if request.op == "take":
            return {"taken": self.take(fields["name"], fields["from"])}
        self.upgrade.begin()
        return {"pid": os.getpid()}

    # Its life

    def run(self) -> None:
        """Run until it is ended by a signal, a successor, or by executing itself anew."""
        while not self._has_ended():
            self.loop.run_once(self.pace.wait_s(time.monotonic()))
            now_s = time.monotonic()
            for door in self.doors.values():
                door.drop_late(now_s)
            if self.upgrade.ready:
                self._execute()
            if self.pace.is_due(now_s, self.follower.observer.glimpse):
                self._scan()

    def end(self) -> None:
        """Serve those who have come, and end; what systemd keeps, or a successor has, stays open."""
        if self.ends_at_s is None:
            self.ends_at_s = time.monotonic() + _END_S

    def _has_ended(self) -> bool:
        if self.ends_at_s is None:
            return False
        for door in self.doors.values():
            door.accept()
        return time.monotonic() >= self.ends_at_s or not any(door.visitors for door in self.doors.values())

    def _scan(self) -> None:
        began_s = time.thread_time()
        changes = Changes()
        try:
            changes = self.follower.scan()
        except HitlessError as error:
            self.say(error.message)
        except Exception:  # noqa: BLE001 - a defect of ours is said, and must not close what is held
            self.say(f"a defect of hitless, please report it:\n{traceback.format_exc()}")
        for name, pauses_s in changes.pauses_s.items():
            number = f"{len(pauses_s)} socket{'s' if len(pauses_s) > 1 else ''}"
            self.say(f"{name}: somebody accepts again on {number}, after about {max(pauses_s):.2f} s")
        if changes:
            self._after(changes.added, changes.let_go)
        closing = min((i.closes_at_s() for i in self.instances.values()), default=float("inf"))
        self.pace.has_looked(
            time.thread_time() - began_s, time.monotonic(), unsettled=changes.unsettled, due_at_s=closing
        )

    def _after(self, added: Iterable[tuple[str, Held]], let_go: dict[str, list[LetGo]]) -> None:
        for name, held in added:
            self.say(f"{name}: holds {held.listener.endpoint}")
            self._store(held, name)
        for name, gone in let_go.items():
            for each in gone:
                self.say(f"{name}: {each.endpoint} is closed: {each.why}")
                self.notifier.remove(name_of_socket(name, each.inode))
        self._remember()

    def _store(self, held: Held, name: str) -> None:
        self.notifier.store(name_of_socket(name, held.inode), held.listener.descriptor)

    def _remember(self) -> None:
        doors = {name: door.listening.fileno() for name, door in self.doors.items()}
        self.inheritance.memory.write(encode(self.instances.values(), doors))
        number = sum(len(instance.sockets) for instance in self.instances.values())
        self.notifier.send(f"STATUS=Holds {number} sockets of {len(self.instances)} instances.")

    def _descriptors(self) -> list[int]:
        """Return what must outlive execve."""
        self._remember()
        held = [h.listener.descriptor for i in self.instances.values() for h in i.sockets.values()]
        doors = [door.listening.fileno() for door in self.doors.values()]
        return [self.inheritance.memory.descriptor, *doors, *held]

    def _execute(self) -> None:
        self.upgrade.execute(self.inheritance.memory.descriptor)


def _uid(user: str) -> int:
    if not user:
        return os.geteuid()
    try:
        return int(user) if user.isascii() and user.isdigit() else pwd.getpwnam(user).pw_uid
    except (KeyError, ValueError) as error:
        raise UsageError(f"There is no user {user[:80]!r}.") from error


def end_on_signals(daemon: Daemon) -> None:
    """Let SIGTERM and SIGINT end it, and SIGUSR2 execute it anew."""

    def end(_number: int, _frame: object) -> None:
        daemon.end()

    def renew(_number: int, _frame: object) -> None:
        daemon.upgrade.begin()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGUSR2, renew)
