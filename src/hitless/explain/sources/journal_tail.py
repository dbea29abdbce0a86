"""The journal, followed: `journalctl --follow` as a child that lives no longer than what reads it.

Source: journalctl(1) of systemd 252; where nobody reads its output any more it ends by itself.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence

from hitless.errors import EvidenceError
from hitless.explain.sources.blocks import LONGEST_LINE_BYTES
from hitless.explain.sources.files import CHUNK_BYTES
from hitless.explain.sources.journal import follow_command

__all__ = ["JournalTail"]

_MOST_ERROR_BYTES = 4096
_MOST_CHUNKS = 64
"""So much is taken at once: a flood must not keep one from looking up."""


class JournalTail:
    """What comes into the journal of units from now on, by lines. `close` ends the child, whatever it does.

    Raises: EvidenceError if there is no journalctl.
    """

    def __init__(self, units: Sequence[str]) -> None:
        command = follow_command(units)
        if shutil.which(command[0]) is None:
            raise EvidenceError("There is no journalctl here.", hint="Name a log file to follow.")
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the child
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._complaints
        )
        assert self._process.stdout is not None, "it was asked for"
        self._output = self._process.stdout
        os.set_blocking(self._output.fileno(), False)
        self._at = 0
        self._rest = b""

    def read_new(self) -> Iterator[tuple[int, bytes]]:
        """Yield a running offset and the bytes of each line that has become complete.

        Raises: EvidenceError if journalctl has ended.
        """
        for _ in range(_MOST_CHUNKS):
            try:
                data = os.read(self._output.fileno(), CHUNK_BYTES)
            except BlockingIOError:
                return
            if not data:
                raise EvidenceError(f"journalctl has ended: {self._said()}")
            *lines, self._rest = (self._rest + data).split(b"\n")
            for raw in lines:
                yield self._at, raw
                self._at += len(raw) + 1
            if len(self._rest) > LONGEST_LINE_BYTES:
                yield self._at, self._rest[:LONGEST_LINE_BYTES]
                self._at += len(self._rest)
                self._rest = b""

    def close(self) -> None:
        """End the child."""
        self._process.kill()
        self._process.wait()
        self._output.close()
        self._complaints.close()

    def _said(self) -> str:
        code = self._process.wait()
        self._complaints.seek(0)
        said = self._complaints.read(_MOST_ERROR_BYTES).decode("utf-8", "backslashreplace").strip()
        return said or f"exit status {code}"
