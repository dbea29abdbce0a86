"""Put files and directories into the private root, also where an ordinary user owns nothing.

Only ever inside the sandbox: every entry point checks that first, since the paths are those of the host.
"""

import errno
import os
from pathlib import Path

from hitless.errors import SandboxError
from hitless.sandbox.mountinfo import parse_mountinfo
from hitless.sandbox.syscalls import MountFlag, mount

__all__ = ["make_directory", "make_writable", "place_file", "remove_file", "require_sandbox"]

MARK = "hitless"
"""The source name of the tmpfs on /dev, which no host has."""


def require_sandbox() -> None:
    """Raise SandboxError unless this process is in a private root made by `hitless.sandbox.filesystem`."""
    mounts = parse_mountinfo(Path("/proc/self/mountinfo").read_bytes())
    if not any(found.point == "/dev" and found.source == MARK for found in mounts):
        raise SandboxError("files of the host would be changed: this process is not in a sandbox")


def place_file(path: str, data: bytes, *, mode: int = 0o644) -> None:
    """Write a file at a path of the configuration, in place of whatever is there; parents are made as needed.

    Raises: SandboxError outside a sandbox or where the private root cannot be changed.
    """
    require_sandbox()
    target = Path(os.path.realpath(Path(path).parent)) / Path(path).name
    make_directory(str(target.parent))
    make_writable(str(target.parent))
    try:
        target.unlink(missing_ok=True)
        descriptor = os.open(
            target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        target.chmod(mode)
    except OSError as error:
        raise SandboxError(f"cannot put a stand-in at {path}: {error.strerror}") from error


def make_directory(path: str, *, mode: int = 0o755) -> None:
    """Make a directory and its missing parents; one that is there is left as it is.

    Raises: SandboxError outside a sandbox, or where a file is in the way.
    """
    require_sandbox()
    missing = [directory for directory in (Path(path), *Path(path).parents) if not _exists(directory)]
    for directory in reversed(missing):
        make_writable(str(directory.parent))
        try:
            directory.mkdir()
            directory.chmod(mode)
        except OSError as error:
            raise SandboxError(f"cannot make the directory {directory}: {error.strerror}") from error
    if not Path(path).is_dir():
        raise SandboxError(f"{path} is needed as a directory, and something else is there")


def remove_file(path: str) -> None:
    """Remove a file of the private root, if it is there.

    Raises: SandboxError outside a sandbox or where the private root cannot be changed.
    """
    require_sandbox()
    try:
        Path(path).unlink(missing_ok=True)
    except OSError as error:
        raise SandboxError(f"cannot remove {path} in the sandbox: {error.strerror}") from error


def make_writable(path: str) -> None:
    """Lay a layer of our own over a directory in which this user may create nothing; its files stay visible.

    Sockets of the host in it are left out: nobody listens, and HAProxy would try to keep a link to them.
    Raises: SandboxError where neither an overlay nor a tmpfs can be mounted.
    """
    require_sandbox()
    if _can_create_in(path):
        return
    lower = os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        mount(MARK, path, "tmpfs", MountFlag.NOSUID | MountFlag.NODEV, "mode=0755")
        if not os.access(f"/proc/self/fd/{lower}", os.R_OK | os.X_OK):
            return  # what lies there could not be read anyway: an empty directory hides nothing
        for name in ("upper", "work"):
            (Path(path) / name).mkdir(mode=0o755)
        xattrs = ",userxattr" if _in_user_namespace() else ""
        layers = f"lowerdir=/proc/self/fd/{lower},upperdir={path}/upper,workdir={path}/work{xattrs}"
        mount("overlay", path, "overlay", options=layers)
        for entry in list(os.scandir(path)):
            if Path(entry.path).is_socket():
                Path(entry.path).unlink()
    except OSError as error:
        hint = ""
        if error.errno == errno.EINVAL:
            hint = "this machine's files are on an overlay already, and the kernel stacks no more than two"
        raise SandboxError(
            f"cannot make {path} writable in the sandbox: {error.strerror}", hint=hint
        ) from error
    finally:
        os.close(lower)


def _can_create_in(directory: str) -> bool:
    """Return whether a file can be made in a directory, by making one.

    access(2) is not enough: an overlay must first copy the parents up, and cannot give them to owners that do
    not exist in this user namespace (EOVERFLOW).
    """
    probe = Path(directory) / f".hitless-{os.getpid()}"
    try:
        probe.mkdir()
        probe.rmdir()
    except OSError:
        return False
    return True


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:
        return False  # in a directory that may not be looked into, which will be replaced by one of ours


def _in_user_namespace() -> bool:
    """Return whether this process is root of a user namespace alone: its map is then not the whole range."""
    return Path("/proc/self/uid_map").read_text(encoding="ascii").split() != ["0", "0", str(2**32 - 1)]
