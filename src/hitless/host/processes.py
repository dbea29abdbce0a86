"""Processes as `/proc` shows them.

Every reader takes the directory that stands for `/proc`, so that a recorded tree can be read as well.
"""

import contextlib
import os
import signal
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hitless.host.errors import Denied, Gone, HostError, translated, translated_of

__all__ = [
    "PROC",
    "Denied",
    "Descriptors",
    "Gone",
    "ProcessStatus",
    "ProcessTimes",
    "format_ending",
    "list_pids",
    "list_threads",
    "read_children",
    "read_command_line",
    "read_control_groups",
    "read_descriptor_limit",
    "read_descriptors",
    "read_executable",
    "read_limits",
    "read_network_namespace",
    "read_socket_descriptors",
    "read_socket_inodes",
    "read_start_ticks",
    "read_status",
    "read_status_fields",
    "read_times",
]

PROC = Path("/proc")
_MAX_FILE_SIZE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """What `/proc/PID/status` says. Signals are sets of numbers.

    `pending` are signals sent to the process (ShdPnd) that it has not taken; a SIGUSR2 that stays in it says
    that a HAProxy master (3.1 to 3.3) has blocked reloads for ever.
    Source: Linux v6.18 fs/proc/array.c proc_pid_status().
    """

    name: str
    state: str
    parent_pid: int
    uid: int
    threads: int
    resident_bytes: int
    pending: frozenset[int]
    blocked: frozenset[int]
    caught: frozenset[int]
    inner_pid: int = 0
    """Its number in its own process namespace (a container's): what it calls itself."""

    @property
    def has_ended(self) -> bool:
        """Whether it has ended, and nobody has waited for it yet."""
        return self.state in {"Z", "X"}

    def takes(self, number: int) -> bool:
        """Whether a signal that is sent now reaches a handler of the process."""
        return number in self.caught and number not in self.blocked


@dataclass(frozen=True, slots=True)
class Descriptors:
    """The open files of a process, and the inodes of the sockets among them."""

    count: int
    sockets: set[int]


@dataclass(frozen=True, slots=True)
class ProcessTimes:
    """In clock ticks (`os.sysconf("SC_CLK_TCK")` a second): start since boot, processor time used."""

    start_ticks: int
    cpu_ticks: int


def list_pids(proc: Path = PROC) -> list[int]:
    """Return all processes that we can see, ascending.

    Raises: Gone, Denied.
    """
    with translated(f"{proc} is not there", f"{proc} cannot be read"):
        # int() alone takes signs and other scripts' digits, which a recorded tree may hold.
        return sorted(int(n) for n in os.listdir(proc) if n.isascii() and n.isdigit())  # noqa: PTH208


def list_threads(pid: int, proc: Path = PROC) -> list[int]:
    """Return the threads of a process, its first one included, in no particular order.

    Raises: Gone, Denied.
    """
    with translated_of(pid):
        names = os.listdir(proc / str(pid) / "task")  # noqa: PTH208 - plain strings
    return [int(name) for name in names if name.isascii() and name.isdigit()]


def read_children(pid: int, proc: Path = PROC) -> list[int]:
    """Return the pids of a process's children, in no particular order.

    Raises: Gone, Denied.
    """
    with translated_of(pid):
        tasks = sorted((proc / str(pid) / "task").iterdir())
    children: list[int] = []
    for task in tasks:
        with contextlib.suppress(Gone):  # a thread that ended has handed its children to another thread
            text = _read(pid, task / "children")
            children.extend(int(word) for word in text.split())
    return children


def read_socket_inodes(pid: int, proc: Path = PROC) -> set[int]:
    """Return the inodes of all sockets that a process has open.

    Raises: Gone, Denied.
    """
    return read_descriptors(pid, proc).sockets


def read_descriptors(pid: int, proc: Path = PROC) -> Descriptors:
    """Return how many files a process has open, and which sockets among them.

    Raises: Gone, Denied.
    """
    links = list(_read_links(pid, proc))
    return Descriptors(len(links), {inode for _, inode in links if inode})


def read_socket_descriptors(pid: int, proc: Path = PROC) -> dict[int, int]:
    """Return the inode of each socket that a process has open, by its descriptor.

    Raises: Gone, Denied.
    """
    return {descriptor: inode for descriptor, inode in _read_links(pid, proc) if inode}


def _read_links(pid: int, proc: Path) -> Iterator[tuple[int, int]]:
    """Yield each open file's number and, if it is a socket, its inode (else 0)."""
    directory = str(proc / str(pid) / "fd")
    with translated_of(pid):
        for name in os.listdir(directory):  # noqa: PTH208 - a proxy can have a million: plain strings, no objects
            try:
                link = os.readlink(f"{directory}/{name}")  # noqa: PTH115 - as above
            except FileNotFoundError:  # closed since it was listed
                link = ""
            yield int(name), int(link[len("socket:[") : -1]) if link.startswith("socket:[") else 0


def read_start_ticks(pid: int, proc: Path = PROC) -> int:
    """Return when a process started, in clock ticks since boot: pid and this together name it for good.

    Raises: Gone, Denied.
    """
    return read_times(pid, proc).start_ticks


def read_times(pid: int, proc: Path = PROC) -> ProcessTimes:
    """Return when a process started and how long it has run.

    Raises: Gone, Denied.
    Source: proc_pid_stat(5), fields 14, 15 and 22; the name in field 2 may hold spaces and parentheses.
    """
    words = _read(pid, proc / str(pid) / "stat").rpartition(b")")[2].split()
    if len(words) < 20:
        raise HostError(f"process {pid}: its stat has {len(words) + 2} fields")
    with translated_of(pid):
        return ProcessTimes(start_ticks=int(words[19]), cpu_ticks=int(words[11]) + int(words[12]))


def read_command_line(pid: int, proc: Path = PROC) -> tuple[str, ...]:
    """Return the words of a process's command line; empty for a zombie or a kernel thread.

    Raises: Gone, Denied.
    """
    raw = _read(pid, proc / str(pid) / "cmdline")
    return tuple(word.decode(errors="surrogateescape") for word in raw.split(b"\0")[:-1])


def read_executable(pid: int, proc: Path = PROC) -> str:
    """Return the path of a process's binary, with " (deleted)" behind it if it was replaced since.

    Raises: Gone, Denied.
    """
    with translated_of(pid):
        return str((proc / str(pid) / "exe").readlink())


def read_network_namespace(pid: int, proc: Path = PROC) -> int:
    """Return the inode of a process's network namespace: equal for processes that share it.

    Raises: Gone, Denied.
    """
    with translated_of(pid):
        return (proc / str(pid) / "ns" / "net").stat().st_ino


def read_descriptor_limit(pid: int, proc: Path = PROC) -> int | None:
    """Return how many files a process may have open (the soft limit), None for no limit.

    Raises: Gone, Denied.
    Source: Linux v6.18 fs/proc/base.c proc_pid_limits().
    """
    if "Max open files" not in (limits := read_limits(pid, proc)):
        raise HostError(f"process {pid}: its limits do not name open files")
    return limits["Max open files"][0]


def read_limits(pid: int, proc: Path = PROC) -> dict[str, tuple[int | None, int | None]]:
    """Return the soft and hard limits of a process, as the kernel names them ("Max open files"); None for no limit.

    Raises: Gone, Denied.
    Source: as above; the name fills 25 columns, the limits 20 each.
    """
    text = _read(pid, proc / str(pid) / "limits").decode(errors="backslashreplace")
    lines = [(line[:25].strip(), line[26:].split()[:2]) for line in text.splitlines()]
    return {name: (_limit(words[0]), _limit(words[1])) for name, words in lines if len(words) == 2}


def _limit(word: str) -> int | None:
    return int(word) if word.isascii() and word.isdigit() else None


def read_control_groups(pid: int, proc: Path = PROC) -> dict[str, str]:
    """Return the paths of a process's control groups by controllers: "" is version 2, "name=systemd" version 1.

    Raises: Gone, Denied.
    Source: cgroups(7), /proc/PID/cgroup: "hierarchy-ID:controller-list:cgroup-path".
    """
    text = _read(pid, proc / str(pid) / "cgroup").decode(errors="backslashreplace")
    return {words[1]: words[2] for line in text.split("\n") if len(words := line.split(":", 2)) == 3}


def read_status_fields(pid: int, proc: Path = PROC) -> dict[str, str]:
    """Return the lines of `/proc/PID/status` by their names.

    Raises: Gone, Denied.
    """
    text = _read(pid, proc / str(pid) / "status").decode(errors="backslashreplace")
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def read_status(pid: int, proc: Path = PROC) -> ProcessStatus:
    """Return what the kernel says about a process.

    Raises: Gone, Denied.
    """
    fields = read_status_fields(pid, proc)
    with translated_of(pid):
        return ProcessStatus(
            name=fields.get("Name", ""),
            state=fields.get("State", "?")[:1],
            parent_pid=int(fields.get("PPid", "0")),
            uid=int(_first(fields, "Uid")),
            threads=int(fields.get("Threads", "0")),
            resident_bytes=int(_first(fields, "VmRSS")) * 1024,
            pending=_signals(fields.get("ShdPnd", "0")),
            blocked=_signals(fields.get("SigBlk", "0")),
            caught=_signals(fields.get("SigCgt", "0")),
            inner_pid=int(([str(pid), *fields.get("NSpid", "").split()])[-1]),
        )


def _first(fields: Mapping[str, str], name: str) -> str:
    return next(iter(fields.get(name, "").split()), "0")


def _signals(mask: str) -> frozenset[int]:
    bits = int(mask, 16)
    return frozenset(number for number in range(1, 65) if bits >> (number - 1) & 1)


def _read(pid: int, path: Path) -> bytes:
    """Return a file of `/proc`; a recorded tree may hold a FIFO in its place, which must not be waited for."""
    with translated_of(pid):
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            return file.read(_MAX_FILE_SIZE_BYTES) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""


def format_ending(return_code: int) -> str:
    """Return how a child has ended, from `subprocess.Popen.returncode`: a status, or less than 0 for a signal."""
    if return_code >= 0:
        return f"ended with status {return_code}"
    try:
        return f"was killed by {signal.Signals(-return_code).name}"
    except ValueError:  # a real-time signal
        return f"was killed by signal {-return_code}"
