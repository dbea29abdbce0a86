"""A real rsyslogd with a configuration, pid file and sockets of its own; a real logrotate on its file."""

import gzip
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hitless.audit.logging_setup.receivers import logrotate_text, rsyslog_text
from tests.system.conftest import require
from tests.system.live_haproxy import await_true

_WITH_LONG_QUEUE = (
    "unshare",
    "--net",
    "sh",
    "-c",
    'echo 512 > /proc/sys/net/unix/max_dgram_qlen; exec "$@"',
    "sh",
)
"""The kernel's own queue of a socket holds 10 lines; systemd sets 512 at boot. It is a network namespace's setting."""
_SBIN = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))


def program(name: str) -> str:
    """Return the path of a program of this system, which some have only for root."""
    path = shutil.which(name, path=_SBIN)
    require(path, f"no {name} is installed")
    assert path is not None
    return path


def check_rsyslog(directory: Path, text: str) -> tuple[bool, str]:
    """Return whether rsyslogd accepts a piece of configuration, and what it says."""
    path = directory / "check.conf"
    path.write_text(f'module(load="imuxsock" SysSock.Use="off")\n{text}')
    done = subprocess.run(
        [program("rsyslogd"), "-N1", "-f", str(path)], capture_output=True, text=True, check=False, timeout=30
    )
    return done.returncode == 0, done.stderr


class Rsyslog:
    """One rsyslogd that writes what comes from a socket into a file."""

    def __init__(self, directory: Path, socket: str) -> None:
        self.log_file = directory / "haproxy.log"
        self._directory = directory
        self._socket = Path(socket)
        self._pid_file = directory / "rsyslogd.pid"
        self._configuration = directory / "rsyslog.conf"
        self._configuration.write_text(
            f'global(workDirectory="{directory}")\n'
            'module(load="imuxsock" SysSock.Use="off")\n' + rsyslog_text(socket, log_file=str(self.log_file))
        )
        self._rotation = directory / "logrotate.conf"
        reopen = f'kill -HUP "$(cat {self._pid_file})"'
        self._rotation.write_text(logrotate_text(log_file=str(self.log_file), reopen=reopen))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        words = [program("rsyslogd"), "-n", "-f", str(self._configuration), "-i", str(self._pid_file)]
        words = [*_WITH_LONG_QUEUE, *words]
        with (self._directory / "rsyslogd.err").open("ab") as said:
            self._process = subprocess.Popen(words, stdout=said, stderr=said)
        await_true(lambda: self._pid_file.exists() and self._is_bound(), "rsyslogd listens")

    def stop(self) -> None:
        """End it as its service would: what it has taken is written first."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(60)
            self._process = None

    def rotate(self) -> None:
        """Rotate now, as the daily run would."""
        state = str(self._directory / "logrotate.state")
        words = [program("logrotate"), "--force", "--state", state, str(self._rotation)]
        subprocess.run(words, check=True, capture_output=True, timeout=30)

    def files(self) -> list[Path]:
        """Return the files that were written, oldest first."""
        return sorted(self._directory.glob("haproxy.log*"), key=lambda path: path.name, reverse=True)

    def lines(self) -> list[str]:
        """Return what was received, rotated files first."""
        texts = (
            gzip.decompress(p.read_bytes()) if p.suffix == ".gz" else p.read_bytes() for p in self.files()
        )
        return [line for text in texts for line in text.decode().splitlines()]

    def _is_bound(self) -> bool:
        """Look in its own network namespace: a socket is listed only in the one it was made in."""
        assert self._process is not None
        listed = Path(f"/proc/{self._process.pid}/net/unix").read_text().splitlines()
        return any(line.endswith(f" {self._socket}") for line in listed)


@contextmanager
def rsyslog(directory: Path, socket: str) -> Iterator[Rsyslog]:
    """Run a rsyslogd until the block ends."""
    directory.mkdir(exist_ok=True)
    receiver = Rsyslog(directory, socket)
    try:
        receiver.start()
        yield receiver
    finally:
        receiver.stop()
