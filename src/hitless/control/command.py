"""Run a short-lived program: bounded output, a deadline, no shell, nothing on its stdin."""

import os
import selectors
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hitless.control.errors import CouldNotAsk

__all__ = ["Completed", "decode", "run_bounded"]

_CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Completed:
    """How a program ended. `returncode` is negative where a signal ended it."""

    returncode: int
    stdout: str
    stderr: str


def decode(data: bytes | bytearray) -> str:
    r"""Return foreign bytes as text: UTF-8, and what is none of it as "\xNN"."""
    return data.decode("utf-8", "backslashreplace")


def run_bounded(
    argv: Sequence[str],
    *,
    timeout_s: float,
    limit_bytes: int = 4 * 1024 * 1024,
    environment: Mapping[str, str] | None = None,
    working_directory: str | None = None,
    descriptors: Sequence[int] = (),
) -> Completed:
    """Run a program to its end and return its output; it is killed when it takes or says too much.

    Units: `limit_bytes` is for stdout and stderr together. It has `descriptors` of ours open under the same numbers.
    Raises: CouldNotAsk if it ran out of time or wrote more; OSError if it could not be started.
    """
    with subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        cwd=working_directory,
        pass_fds=descriptors,
    ) as process:
        try:
            stdout, stderr = _read_to_end(process, argv[0], timeout_s, limit_bytes)
        except BaseException:
            process.kill()
            raise
        return Completed(process.returncode, stdout, stderr)


def _read_to_end(
    process: subprocess.Popen[bytes], name: str, timeout_s: float, limit_bytes: int
) -> tuple[str, str]:
    deadline = time.monotonic() + timeout_s
    too_slow = CouldNotAsk(
        f"{name} did not end within {timeout_s:g} s and was stopped.",
        hint=f"Run it by hand: is {name} HAProxy?",
    )
    assert process.stdout is not None
    assert process.stderr is not None
    stdout, stderr = bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ, stdout)
        selector.register(process.stderr, selectors.EVENT_READ, stderr)
        while selector.get_map():
            left_s = deadline - time.monotonic()
            ready = selector.select(left_s) if left_s > 0 else []
            if not ready:
                raise too_slow
            for key, _ in ready:
                data = os.read(key.fd, _CHUNK_BYTES)
                key.data.extend(data)
                if not data:
                    selector.unregister(key.fileobj)
            if len(stdout) + len(stderr) > limit_bytes:
                raise CouldNotAsk(f"{name} wrote more than {limit_bytes} bytes and was stopped")
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired as error:
        raise too_slow from error
    return decode(stdout), decode(stderr)
