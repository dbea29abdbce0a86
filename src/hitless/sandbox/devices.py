"""A private, minimal /dev: the devices that every program expects, and nothing of the host's hardware.

The device files are bound from the host, since a user namespace may not make device nodes. /dev/log is left
to whoever receives the logs.
"""

from pathlib import Path

from hitless.sandbox.syscalls import MountFlag, mount

__all__ = ["make_devices"]

_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}


def make_devices(directory: str, *, host: str = "/dev") -> None:
    """Mount a tmpfs on `directory` and fill it.

    Raises: OSError, also when the host itself has no /dev/null.
    """
    mount("hitless", directory, "tmpfs", MountFlag.NOSUID | MountFlag.NOEXEC, "mode=0755")
    here = Path(directory)
    for name in _DEVICES:
        if (Path(host) / name).exists():
            (here / name).touch()
            mount(f"{host}/{name}", str(here / name), flags=MountFlag.BIND)
    for name, destination in _LINKS.items():
        (here / name).symlink_to(destination)
    for name in ("pts", "shm"):
        (here / name).mkdir()
    (here / "shm").chmod(0o1777)
    mount(
        "devpts",
        str(here / "pts"),
        "devpts",
        MountFlag.NOSUID | MountFlag.NOEXEC,
        "newinstance,ptmxmode=0666",
    )
