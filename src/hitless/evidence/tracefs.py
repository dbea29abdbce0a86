"""The kernel's tracefs: where it is, and instances of our own in it.

An instance is named after the process it belongs to (pid and start time), so that the next run can tell a
dead one's from a living one's. All files are opened beneath a directory descriptor.

Source: Linux v6.18 Documentation/trace/ftrace.rst (instances), fs/tracefs.
"""

import contextlib
import ctypes
import os
import re
from collections.abc import Iterator

from hitless.errors import EvidenceError
from hitless.host.processes import Denied, Gone, read_start_ticks

__all__ = ["Instance", "open_tracefs", "sweep_stale_instances"]

_MOUNT_POINTS = ("/sys/kernel/tracing", "/sys/kernel/debug/tracing")
_NAME = re.compile(r"hitless-(\d+)-(\d+)(-[a-z]+)?")
_MAX_FILE_SIZE_BYTES = 1024 * 1024
_PINNED = "buffer_size_kb"

# Numbers of the mount system calls, the same on every architecture but alpha; Linux 5.2
# include/uapi/asm-generic/unistd.h and include/uapi/linux/mount.h.
_SYS_FSOPEN, _SYS_FSCONFIG, _SYS_FSMOUNT = 430, 431, 432
_FSOPEN_CLOEXEC, _FSMOUNT_CLOEXEC, _FSCONFIG_CMD_CREATE = 1, 1, 6


class Instance:
    """One trace instance: its own buffers, clock, events and filters. `close` removes it.

    One of its files is open as long: the kernel then refuses (EBUSY) to remove it. Whoever sweeps in another pid
    namespace, a container's, does not see that our process lives.
    """

    def __init__(self, tracefs: int, name: str) -> None:
        self.name = name
        self._tracefs = tracefs
        try:
            os.mkdir(f"instances/{name}", 0o700, dir_fd=tracefs)
            self._directory = os.open(f"instances/{name}", os.O_RDONLY | os.O_DIRECTORY, dir_fd=tracefs)
            self._pin = os.open(_PINNED, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._directory)
        except OSError as error:
            raise EvidenceError(f"no trace instance {name}: {error.strerror}") from error

    @staticmethod
    def name_for(pid: int, suffix: str = "") -> str:
        """Return the name of an instance of process `pid`; a suffix of small letters tells several apart."""
        return f"hitless-{pid}-{read_start_ticks(pid)}" + (f"-{suffix}" if suffix else "")

    def read(self, path: str) -> str:
        """Return a control file's text. Raises: EvidenceError."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._directory)
            with os.fdopen(descriptor, "rb") as file:
                return file.read(_MAX_FILE_SIZE_BYTES).decode(errors="backslashreplace")
        except OSError as error:
            raise EvidenceError(f"tracefs: {path} cannot be read: {error.strerror}") from error

    def write(self, path: str, text: str) -> None:
        """Write a control file. Raises: EvidenceError."""
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC, dir_fd=self._directory)
            with os.fdopen(descriptor, "wb", buffering=0) as file:
                file.write(text.encode())
        except OSError as error:
            raise EvidenceError(f"tracefs: {path} refuses {text!r}: {error.strerror}") from error

    def has(self, path: str) -> bool:
        """Return whether the instance has this file, e.g. an event that this kernel knows."""
        try:
            os.stat(path, dir_fd=self._directory)
        except OSError:
            return False
        return True

    def processors(self) -> list[str]:
        """Return the names of the per-CPU directories ("per_cpu/cpu0", …)."""
        return [f"per_cpu/{name}" for name in _list("per_cpu", self._directory)]

    def open_raw(self, processor: str) -> int:
        """Return a non-blocking descriptor of a CPU's binary pages. Raises: EvidenceError."""
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            return os.open(f"{processor}/trace_pipe_raw", flags, dir_fd=self._directory)
        except OSError as error:
            raise EvidenceError(f"tracefs: {processor} cannot be read: {error.strerror}") from error

    def close(self) -> None:
        """Remove the instance, and its events with it. Its raw descriptors have to be closed before.

        Raises: EvidenceError if it stays.
        """
        os.close(self._pin)
        os.close(self._directory)
        try:
            os.rmdir(f"instances/{self.name}", dir_fd=self._tracefs)
        except OSError as error:
            raise EvidenceError(f"the trace instance {self.name} stays: {error.strerror}") from error


def open_tracefs() -> int:
    """Return a descriptor of tracefs: the mounted one, else a mount that is seen by nobody and ends with it.

    Raises: EvidenceError that says why the kernel's trace cannot be had.
    """
    for mount_point in _MOUNT_POINTS:
        with contextlib.suppress(OSError):
            return _open_root(os.open(mount_point, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
    try:
        return _mount_detached()
    except OSError as error:
        raise EvidenceError(
            f"the kernel's trace is not available: {error.strerror}",
            hint="it needs root in the first user namespace and a kernel with tracefs",
        ) from error


def _open_root(descriptor: int) -> int:
    """Return the descriptor if it is a tracefs whose instances we may change; close it otherwise."""
    try:
        os.stat("instances", dir_fd=descriptor)
        if not os.access("instances", os.W_OK | os.X_OK, dir_fd=descriptor):
            raise PermissionError("instances may not be made")
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _mount_detached() -> int:
    """Mount tracefs without attaching it anywhere: it ends with its last descriptor, even after SIGKILL."""
    context = _system_call(_SYS_FSOPEN, b"tracefs", _FSOPEN_CLOEXEC)
    try:
        _system_call(_SYS_FSCONFIG, context, _FSCONFIG_CMD_CREATE, None, None, 0)
        mount = _system_call(_SYS_FSMOUNT, context, _FSMOUNT_CLOEXEC, 0)
    finally:
        os.close(context)
    try:  # the mount's own descriptor is O_PATH
        return _open_root(os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=mount))
    finally:
        os.close(mount)


def _system_call(*arguments: int | bytes | None) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    result = int(
        libc.syscall(*[ctypes.c_long(word) if isinstance(word, int) else word for word in arguments])
    )
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def sweep_stale_instances() -> list[str]:
    """Remove the instances that runs which were killed have left behind; return their names.

    One of which a file is open (EBUSY: its process lives in another pid namespace) is left alone.
    Raises: EvidenceError if tracefs is not available.
    """
    tracefs = open_tracefs()
    try:
        removed = []
        for name in _stale_instances(tracefs):
            with contextlib.suppress(OSError):
                os.rmdir(f"instances/{name}", dir_fd=tracefs)
                removed.append(name)
        return removed
    finally:
        os.close(tracefs)


def _stale_instances(tracefs: int) -> Iterator[str]:
    for name in _list("instances", tracefs):
        match = _NAME.fullmatch(name)
        if match is not None and not _lives(int(match[1]), int(match[2])):
            yield name


def _list(path: str, directory: int) -> list[str]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=directory)
    except OSError as error:
        raise EvidenceError(f"tracefs: {path} cannot be read: {error.strerror}") from error
    try:
        return sorted(os.listdir(descriptor))  # noqa: PTH208 - pathlib knows no descriptors
    finally:
        os.close(descriptor)


def _lives(pid: int, start_ticks: int) -> bool:
    try:
        return read_start_ticks(pid) == start_ticks
    except Gone:
        return False
    except Denied:
        return True
