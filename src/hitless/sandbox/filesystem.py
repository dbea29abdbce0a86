"""A private root directory: every path as on the host, every change private.

The new root is made of overlays, one for each mounted filesystem: the host's files below, a private tmpfs
above. Existing paths keep their names, so HAProxy's messages name the real file and line. A unix socket
that the host listens on is only a dead file here: the kernel finds a listener by inode, and an overlay has
inodes of its own (Linux v6.12 net/unix/af_unix.c unix_find_bsd()). Everything ends with the mount
namespace.
"""

import errno
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from hitless.sandbox.devices import make_devices
from hitless.sandbox.mountinfo import Mount, mounts_below, read_visible_mounts, topmost
from hitless.sandbox.syscalls import MountFlag, mount, pivot_root, unmount_lazily

__all__ = ["COPY_LIMIT_BYTES", "enter_private_root"]

COPY_LIMIT_BYTES = 1024 * 1024
# places to mount the private tmpfs on; the files there stay reachable
_MOUNT_HERE = ("/tmp", "/mnt", "/srv", "/home", "/run")  # noqa: S108 - nothing is created in it
_OURS = ("/proc", "/dev", "/sys")
_FOREIGN_ROOTS = (
    "/var/lib/containerd/",
    "/var/lib/containers/",
    "/var/lib/docker/",
    "/var/lib/kubelet/",
    "/run/containerd/",
    "/run/netns/",
    "/snap/",
)
"""Where other software mounts roots of its own, by the hundred: nothing that HAProxy is told to read."""
_NO_DEVICES = MountFlag.NOSUID | MountFlag.NODEV


def enter_private_root(*, in_user_namespace: bool) -> tuple[str, ...]:
    """Make the private root of this mount namespace and enter it; the current directory stays the same path.

    To be called by the first process of a new mount and PID namespace. Returns limitations, as sentences.
    Raises: OSError about what could not be mounted.
    """
    here = Path.cwd()
    mount("none", "/", flags=MountFlag.REC | MountFlag.PRIVATE)
    builder = _RootBuilder.prepare(in_user_namespace=in_user_namespace)
    builder.place("/")
    mount("proc", builder.target("/proc"), "proc", _NO_DEVICES | MountFlag.NOEXEC)
    mount("/sys", builder.target("/sys"), flags=MountFlag.BIND | MountFlag.REC)
    make_devices(builder.target("/dev"))
    os.chdir(builder.root)
    pivot_root(".", ".")
    unmount_lazily(".")
    os.chdir("/")
    if here.is_dir():
        os.chdir(here)
    return tuple(builder.limitations)


@dataclass(slots=True)
class _RootBuilder:
    mounts: tuple[Mount, ...]
    scratch: str
    """Where the private tmpfs is mounted."""
    under_scratch: int
    """The directory that the tmpfs covers."""
    overlay_options: str
    limitations: list[str] = field(default_factory=list)
    layers: int = 0

    @classmethod
    def prepare(cls, *, in_user_namespace: bool) -> "_RootBuilder":
        mounts = read_visible_mounts()
        scratch = next(path for path in _MOUNT_HERE if Path(path).is_dir() and not Path(path).is_symlink())
        under_scratch = os.open(scratch, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        mount("hitless", scratch, "tmpfs", _NO_DEVICES, "mode=0700")
        builder = cls(mounts, scratch, under_scratch, ",userxattr" if in_user_namespace else "")
        Path(builder.root).mkdir()
        # pivot_root wants a mount, also where the root is put together piece by piece
        mount(builder.root, builder.root, flags=MountFlag.BIND)
        return builder

    @property
    def root(self) -> str:
        return f"{self.scratch}/root"

    def target(self, path: str) -> str:
        """Return where a host path is in the new root; made if it is one of our own directories."""
        target = self.root + path if path != "/" else self.root
        if path in _OURS:
            Path(target).mkdir(exist_ok=True)
        return target

    def source(self, path: str) -> str:
        """Return a path that reaches the host's file, also where the private tmpfs covers it."""
        if path == self.scratch or path.startswith(self.scratch + "/"):
            return f"/proc/self/fd/{self.under_scratch}{path[len(self.scratch) :]}"
        return path

    def place(self, path: str) -> None:
        """Bring a directory and the mounts below it into the new root."""
        below = [mount for mount in mounts_below(self.mounts, path) if not _is_left_out(mount)]
        try:
            self.overlay(path)
        except OSError as error:
            # a user namespace may not look under mounts that it inherited, so no overlay over a tree with
            # such
            if any(mounts_below(self.mounts, path)):
                self.piece_together(path)
            else:
                self.bind_read_only(path, error)
            return
        for mounted in topmost(below):
            self.place_mount(mounted.point)

    def place_mount(self, path: str) -> None:
        if Path(self.source(path)).is_dir():
            self.place(path)
        elif Path(self.source(path)).is_file():
            self.copy_file(path)

    def overlay(self, path: str) -> None:
        layer = f"{self.scratch}/{self.layers}"
        self.layers += 1
        upper, work = f"{layer}/upper", f"{layer}/work"
        for directory in (layer, upper, work):
            Path(directory).mkdir(mode=0o700)
        lower = os.open(self.source(path), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _copy_ownership(os.fstat(lower), upper)
            # by descriptor: a path may hold the commas and colons that separate the options
            options = f"lowerdir=/proc/self/fd/{lower},upperdir={upper},workdir={work}{self.overlay_options}"
            mount("overlay", self.target(path), "overlay", options=options)
        finally:
            os.close(lower)

    def piece_together(self, path: str) -> None:
        """Make a directory on the private tmpfs and fill it entry by entry."""
        target = Path(self.target(path))
        target.mkdir(exist_ok=True)
        _copy_ownership(Path(self.source(path)).stat(), str(target))
        points = {mount.point for mount in self.mounts}
        for entry in os.scandir(self.source(path)):
            inner = f"{path.rstrip('/')}/{entry.name}"
            if inner in _OURS or any(_is_left_out(mount) for mount in self.mounts if mount.point == inner):
                continue
            if entry.is_symlink():
                (target / entry.name).symlink_to(Path(self.source(inner)).readlink())
            elif entry.is_dir():
                (target / entry.name).mkdir()
                if any(mounts_below(self.mounts, inner)) and inner not in points:
                    self.piece_together(inner)
                else:
                    self.place(inner)
            elif entry.is_file():
                self.copy_file(inner)

    def copy_file(self, path: str) -> None:
        """Put a copy of a small file in place; a large or unreadable one is bound, read only."""
        source, target = Path(self.source(path)), Path(self.target(path))
        information = source.stat()
        if information.st_size <= COPY_LIMIT_BYTES and os.access(source, os.R_OK):
            data = source.read_bytes()
            target.unlink(missing_ok=True)
            target.write_bytes(data)
            _copy_ownership(information, str(target))
            return
        if not target.exists():
            target.touch()
        self._bind(path)

    def bind_read_only(self, path: str, why: OSError) -> None:
        if path == "/run" or path.startswith("/run/"):
            # a bound directory would hold the host's live sockets
            mount("hitless", self.target(path), "tmpfs", _NO_DEVICES, "mode=0755")
            self.limitations.append(f"{path} is empty in the sandbox: no overlay on it ({why.strerror})")
            return
        self._bind(path)
        self.limitations.append(f"{path} is read only in the sandbox: no overlay on it ({why.strerror})")

    def _bind(self, path: str) -> None:
        target = self.target(path)
        mount(self.source(path), target, flags=MountFlag.BIND)
        holder = max((m for m in self.mounts if _holds(m.point, path)), key=lambda m: len(m.point))
        mount("none", target, flags=holder.flags | MountFlag.REMOUNT | MountFlag.BIND | MountFlag.RDONLY)


def _holds(point: str, path: str) -> bool:
    return path == point or path.startswith(point.rstrip("/") + "/")


def _is_left_out(mount: Mount) -> bool:
    return (
        mount.is_pseudo
        or any(_holds(own, mount.point) for own in _OURS)
        or mount.point.startswith(_FOREIGN_ROOTS)
    )


def _copy_ownership(information: os.stat_result, target: str) -> None:
    try:
        os.chown(target, information.st_uid, information.st_gid)
    except PermissionError:
        pass  # in a user namespace others' identities do not exist: what is private is ours
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    Path(target).chmod(stat.S_IMODE(information.st_mode))
