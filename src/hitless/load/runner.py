"""The parent's side of the load: starts its processes, waits until they are ready, reads their counters, stops them."""

import os
import selectors
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from typing import Self

import msgspec

from hitless.attempts import HEADER, MAGIC
from hitless.errors import LoadError
from hitless.host.processes import format_ending
from hitless.load.table import attempts_name
from hitless.records import LoadPlan

__all__ = ["LoadProcesses"]

STOP_TIMEOUT_S = 20.0
"""A process takes about a second to stop: 1 s for what is in flight, then its table is cut to size. On a machine that
stands still for a while it takes longer, and killed, it would take the whole run with it."""
MAX_LINE_BYTES = 64 * 1024


class _Message(msgspec.Struct):
    ready: bool = False
    t_ns: int = 0
    error: str = ""
    hint: str = ""


@dataclass
class _Child:
    number: int
    process: subprocess.Popen[bytes]
    process_fd: int
    """A pidfd: readable once the process has ended."""
    output: bytes = b""
    messages: list[_Message] = field(default_factory=list)

    @property
    def is_ready(self) -> bool:
        return any(message.ready for message in self.messages)


class LoadProcesses:
    """The processes of a plan. Start it from a thread that lives as long as the load: the processes die with it.

    Never more processes than cores. Their tables are `attempts-I.bin` in the directory.
    """

    def __init__(self, plan: LoadPlan, directory_fd: int) -> None:
        """`directory_fd` is borrowed: it must stay open as long as this object is used."""
        cores = len(os.sched_getaffinity(0))
        self.plan = msgspec.structs.replace(plan, processes=max(1, min(plan.processes, cores)))
        self._directory_fd = directory_fd
        self._children: list[_Child] = []

    def start(self) -> None:
        """Start the processes. Raises: LoadError if one cannot be started."""
        text = msgspec.json.encode(self.plan)
        try:
            for number in range(self.plan.processes):
                self._children.append(self._start_one(number, text))
        except OSError as error:
            self.kill()
            raise LoadError(f"cannot start a load process: {error.strerror}") from error

    def wait_ready(self, timeout_s: float) -> None:
        """Wait until a client of every stream has got somewhere: a connection, or an attempt that failed.

        Raises: LoadError if a process ends or is not ready in time.
        """
        deadline_s = time.monotonic() + timeout_s
        with selectors.DefaultSelector() as selector:
            for child in self._children:
                if not child.is_ready:
                    selector.register(_stdout(child), selectors.EVENT_READ, child)
            while selector.get_map():
                events = selector.select(max(0.0, deadline_s - time.monotonic()))
                if not events:
                    raise LoadError(f"the clients were not ready within {timeout_s:g} s")
                for key, _ in events:
                    self._read(key.data)
                    if key.data.is_ready:
                        selector.unregister(key.fileobj)

    def counters(self) -> tuple[int, int]:
        """Return how many attempts have ended and how many of them failed, as of at most 50 ms ago."""
        headers = [self._read_header(child.number) for child in self._children]
        return sum(rows for rows, _ in headers), sum(failed for _, failed in headers)

    @property
    def process_fds(self) -> tuple[int, ...]:
        """A pidfd of each process, readable once it has ended. They are closed when the load is stopped."""
        return tuple(child.process_fd for child in self._children)

    def check(self) -> None:
        """Raise LoadError if a process has ended by itself."""
        for child in self._children:
            if child.process.poll() is not None:
                self._take(child, child.process.communicate()[0])
                self._fail(child)

    def stop(self) -> None:
        """Stop the processes and wait for their tables to be complete.

        Raises: LoadError if one failed; the others are stopped all the same.
        """
        children, self._children = self._children, []
        for child in children:
            child.process.terminate()
        failed = [child for child in children if not self._end(child)]
        if failed:
            self._fail(failed[0])

    def kill(self) -> None:
        """End the processes at once; their tables hold what they had published."""
        children, self._children = self._children, []
        for child in children:
            child.process.kill()
            self._end(child)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.stop()
        else:
            self.kill()

    def _start_one(self, number: int, plan: bytes) -> _Child:
        with tempfile.TemporaryFile() as file:
            file.write(plan)
            file.flush()
            file.seek(0)
            command = [
                *(sys.executable, "-m", "hitless.load.process", "--process", str(number)),
                *("--plan-fd", str(file.fileno()), "--directory-fd", str(self._directory_fd)),
            ]
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pass_fds=(file.fileno(), self._directory_fd),
            )
        return _Child(number, process, os.pidfd_open(process.pid))

    def _end(self, child: _Child) -> bool:
        """Wait for a process that was told to end; return whether it ended in order."""
        try:
            output, _ = child.process.communicate(timeout=STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            child.process.kill()
            output, _ = child.process.communicate()
        os.close(child.process_fd)
        self._take(child, output)
        return child.process.returncode == 0

    def _read(self, child: _Child) -> None:
        data = os.read(_stdout(child), MAX_LINE_BYTES)
        if not data or len(child.output) > MAX_LINE_BYTES:
            self._take(child, child.process.communicate()[0])
            self._fail(child)
        self._take(child, data)

    def _take(self, child: _Child, data: bytes) -> None:
        *lines, child.output = (child.output + data).split(b"\n")
        try:
            child.messages += [msgspec.json.decode(line, type=_Message) for line in lines]
        except msgspec.DecodeError as error:
            raise LoadError(f"load process {child.number} said what is not understood: {error}") from error

    def _fail(self, child: _Child) -> None:
        for message in child.messages:
            if message.error:
                raise LoadError(message.error, hint=message.hint)
        raise LoadError(
            f"Load process {child.number} {format_ending(child.process.returncode)} in the middle of the run.",
            hint="Look for the out-of-memory killer in the kernel's log (dmesg); fewer --connections need less.",
        )

    def _read_header(self, number: int) -> tuple[int, int]:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            fd = os.open(attempts_name(number), flags, dir_fd=self._directory_fd)
        except FileNotFoundError:
            return 0, 0  # it has not come so far yet
        try:
            header = os.pread(fd, HEADER.size, 0)
        finally:
            os.close(fd)
        if len(header) < HEADER.size or not header.startswith(MAGIC):
            return 0, 0
        _magic, _row_size, _process, rows, _lost, failed = HEADER.unpack(header)
        return rows, failed


def _stdout(child: _Child) -> int:
    assert child.process.stdout is not None
    return child.process.stdout.fileno()
