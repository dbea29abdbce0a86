"""`python -m hitless.reload.preflight.trial_child`: try to bind, as HAProxy would, and say how it went.

A process of its own, since it gives up its rights for those of HAProxy and enters its namespaces. It reads one task
from stdin and writes one answer to stdout. It calls bind() and closes: never listen(), so that no client can reach it,
and on a unix socket's path nothing at all. It is killed when its parent dies.

Source: HAProxy 2.8 src/sock_inet.c sock_inet_bind_receiver(), src/sock_unix.c sock_unix_bind_receiver(),
src/namespace.c my_socketat(); Linux v6.18 include/uapi/linux/{prctl,capability,in,in6}.h.
"""

import ctypes
import errno
import os
import signal
import socket
import stat
import sys

import msgspec

from hitless.host.root import kind_of
from hitless.reload.preflight.trial_task import (
    AddressResult,
    AddressTrial,
    BinderRights,
    NameResult,
    PathResult,
    TrialAnswer,
    TrialTask,
    decode_task,
    encode,
)

__all__ = ["Namespaces", "main", "resolve", "run_task", "try_address", "try_path"]

_CLONE_NEWNET = 0x4000_0000
_PR_SET_PDEATHSIG, _PR_SET_KEEPCAPS = 1, 8
_CAPABILITY_VERSION = 0x2008_0522
_IP_FREEBIND, _IP_TRANSPARENT, _IPV6_TRANSPARENT = 15, 19, 75
_NAMESPACES = b"/var/run/netns/"
_LOOKUP_FAMILIES = {0: socket.AF_UNSPEC, 4: socket.AF_INET, 6: socket.AF_INET6}

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _prctl(option: int, value: int) -> None:
    _check(_libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0))


def _capset(capabilities: int) -> None:
    """Make these the effective and permitted capabilities. struct __user_cap_data_struct: three words, twice."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    low, high = capabilities & 0xFFFF_FFFF, capabilities >> 32
    data = (ctypes.c_uint32 * 6)(low, low, 0, high, high, 0)
    _check(_libc.capset(ctypes.byref(header), ctypes.byref(data)))


def _assume(rights: BinderRights) -> None:
    """Become the user, with the groups and capabilities, of whoever will bind.

    Raises: OSError where that takes rights that we do not have.
    """
    _prctl(_PR_SET_KEEPCAPS, 1)
    if os.getgroups() != list(rights.groups):
        os.setgroups(rights.groups)
    if os.getresgid() != (rights.gid,) * 3:
        os.setresgid(rights.gid, rights.gid, rights.gid)
    if os.getresuid() != (rights.uid,) * 3:
        os.setresuid(rights.uid, rights.uid, rights.uid)
    _capset(rights.capabilities)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # another user: the kernel has forgotten it


class _StepFailed(Exception):  # noqa: N818 - it is one of the results
    """A step before bind() failed."""

    def __init__(self, step: str, number: int | None) -> None:
        super().__init__(step)
        self.result = AddressResult(step=step, errno=number or errno.EIO)


class Namespaces:
    """Network namespaces by name, as HAProxy opens them when it reads its configuration: before it gives up rights."""

    def __init__(self, names: set[bytes], own: int) -> None:
        """`own` is the descriptor of the namespace to come back to."""
        self._own = own
        self._files: dict[bytes, int] = {}
        self._missing: dict[bytes, int] = {}
        for name in names:
            try:
                self._files[name] = os.open(_NAMESPACES + name, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            except OSError as error:
                self._missing[name] = error.errno or errno.EIO

    def socket(self, trial: AddressTrial) -> socket.socket:
        """Return a socket made in the namespace of a trial.

        Raises: _StepFailed; OSError if there is no way back, which is the end of this process.
        """
        if not trial.namespace:
            return _socket(trial)
        if trial.namespace in self._missing:
            raise _StepFailed("namespace", self._missing[trial.namespace])
        try:
            _check(_libc.setns(self._files[trial.namespace], _CLONE_NEWNET))
        except OSError as error:
            raise _StepFailed("namespace", error.errno) from error
        try:
            return _socket(trial)
        finally:
            _check(_libc.setns(self._own, _CLONE_NEWNET))


def _socket(trial: AddressTrial) -> socket.socket:
    try:
        return socket.socket(trial.family, trial.kind | socket.SOCK_CLOEXEC, trial.protocol)
    except OSError as error:
        raise _StepFailed("socket", error.errno) from error


def try_address(trial: AddressTrial, namespaces: Namespaces) -> AddressResult:
    """Return how bind() goes with the options in HAProxy's order."""
    sock, result = bind_address(trial, namespaces)
    if sock is not None:
        sock.close()
    return result


def bind_address(trial: AddressTrial, namespaces: Namespaces) -> tuple[socket.socket | None, AddressResult]:
    """Return the socket, None if it could not be bound, and how it went."""
    try:
        sock = namespaces.socket(trial)
    except _StepFailed as failed:
        return None, failed.result
    interface_errno = 0
    try:
        if trial.family != socket.AF_UNIX:
            _set_options(sock, trial)
        interface_errno = _bind_to_interface(sock, trial)
        if trial.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, trial.v6_only)
        sock.bind(trial.name if trial.family == socket.AF_UNIX else (trial.host, trial.port))
    except OSError as error:
        sock.close()
        return None, AddressResult(
            step="bind", errno=error.errno or errno.EIO, interface_errno=interface_errno
        )
    return sock, AddressResult(interface_errno=interface_errno)


def _set_options(sock: socket.socket, trial: AddressTrial) -> None:
    if trial.reuse:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if trial.reuse_port:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if trial.transparent:
        level, option = (
            (socket.IPPROTO_IP, _IP_TRANSPARENT)
            if trial.family == socket.AF_INET
            else (socket.IPPROTO_IPV6, _IPV6_TRANSPARENT)
        )
        try:
            sock.setsockopt(level, option, 1)
        except OSError:  # without CAP_NET_ADMIN; this one needs no right
            sock.setsockopt(socket.IPPROTO_IP, _IP_FREEBIND, 1)


def _bind_to_interface(sock: socket.socket, trial: AddressTrial) -> int:
    """Return the error, 0 for none: HAProxy goes on without it."""
    if not trial.interface:
        return 0
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, trial.interface + b"\0")
    except OSError as error:
        return error.errno or errno.EIO
    return 0


def try_path(path: bytes) -> PathResult:
    """Return what stands at a path and in its directory; nothing is touched."""
    directory = os.path.dirname(path)  # noqa: PTH120 - bytes
    try:
        found = os.stat(directory)  # noqa: PTH116
        if not stat.S_ISDIR(found.st_mode):
            return PathResult(directory_errno=errno.ENOTDIR)
        may_write = os.access(directory, os.W_OK | os.X_OK, effective_ids=True)
    except OSError as error:
        return PathResult(directory_errno=error.errno or errno.EIO)
    about = PathResult(
        write_errno=0 if may_write else _why_not_writable(directory),
        directory_uid=found.st_uid,
        sticky=bool(found.st_mode & stat.S_ISVTX),
    )
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return about
    except OSError:
        return msgspec.structs.replace(about, kind="unreadable")
    plain = stat.S_ISREG(status.st_mode) and not status.st_mode & (stat.S_ISUID | stat.S_ISGID)
    return msgspec.structs.replace(
        about,
        kind=kind_of(status),
        uid=status.st_uid,
        device=status.st_dev,
        inode=status.st_ino,
        safe_to_link=plain and os.access(path, os.R_OK | os.W_OK, effective_ids=True),
    )


def _why_not_writable(directory: bytes) -> int:
    read_only = os.statvfs(directory).f_flag & os.ST_RDONLY
    return errno.EROFS if read_only else errno.EACCES


def resolve(name: bytes, family: int) -> NameResult:
    """Return the first address of a name, as HAProxy takes it.

    Source: HAProxy 2.8 src/tools.c str2ip2(): getaddrinfo() with SOCK_DGRAM, the first result.
    """
    try:
        found = socket.getaddrinfo(name, None, _LOOKUP_FAMILIES[family], socket.SOCK_DGRAM)
    except socket.gaierror as error:
        temporary = error.errno in {socket.EAI_AGAIN, socket.EAI_SYSTEM, socket.EAI_MEMORY}
        return NameResult(error=error.strerror or "it does not resolve", final=not temporary)
    except (OSError, UnicodeError) as error:
        return NameResult(error=str(error), final=isinstance(error, UnicodeError))
    return NameResult(address=str(found[0][4][0]))


def run_task(task: TrialTask) -> TrialAnswer:
    """Enter, give up rights, and try everything."""
    step = "ask for the end with its parent"
    try:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        step = "enter the network namespace of HAProxy"
        if task.network >= 0:
            _check(_libc.setns(task.network, _CLONE_NEWNET))
        own = os.open(
            "/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC
        )  # the root to come may have no /proc of ours
        step = "enter the root directory of HAProxy"
        if task.root >= 0:
            os.fchdir(task.root)
            os.chroot(".")
        step = "look for network namespaces"
        namespaces = Namespaces({trial.namespace for trial in task.addresses if trial.namespace}, own)
        step = "take on the rights of HAProxy"
        if task.rights is not None:
            _assume(task.rights)
    except OSError as error:
        return TrialAnswer(refused=f"{step}: {error.strerror or os.strerror(error.errno or 0)}")
    return TrialAnswer(
        addresses=tuple(try_address(trial, namespaces) for trial in task.addresses),
        paths=tuple(try_path(path) for path in task.paths),
        names=tuple(resolve(*query) for query in task.names),
    )


def main() -> int:
    """Run one task from stdin; exit status 0 whenever there is an answer."""
    task = decode_task(sys.stdin.buffer.read())
    sys.stdout.buffer.write(encode(run_task(task)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
