import os
import subprocess

import pytest

from hitless.errors import SandboxError
from hitless.sandbox.entry import EntryMessage, EntryRefusal, EntryReport, TierKind, encode
from hitless.sandbox.namespace import EntryRefusedError, SandboxProcess


def _speaking(text: bytes, *, then_hang: bool = False) -> SandboxProcess:
    """A process in place of the entering one; what it has to report is written before it starts."""
    reading, writing = os.pipe()
    os.write(writing, text)
    process = subprocess.Popen(["sleep", "600" if then_hang else "0"], pass_fds=[writing])
    os.close(writing)
    return SandboxProcess(process, reading)


def _line(message: EntryMessage) -> bytes:
    return encode(message) + b"\n"


def test_the_report_is_what_the_process_wrote() -> None:
    report = EntryReport(tier=TierKind.USER, init_pid=9, limitations=("no IPv6",))
    text = _line(EntryMessage(step="unshare")) + _line(EntryMessage(entered=report))
    with _speaking(text) as sandbox:
        assert sandbox.wait_ready() == report
        assert sandbox.wait(timeout_s=60) == 0


def test_a_refusal_is_raised_with_its_step() -> None:
    refusal = EntryRefusal(step="unshare", errno=1, detail="Operation not permitted")
    with (
        _speaking(_line(EntryMessage(refused=refusal))) as sandbox,
        pytest.raises(EntryRefusedError) as caught,
    ):
        sandbox.wait_ready()
    assert caught.value.refusal == refusal


def test_a_process_that_hangs_is_ended_and_the_step_named() -> None:
    with (
        _speaking(_line(EntryMessage(step="filesystem")), then_hang=True) as sandbox,
        pytest.raises(SandboxError, match="filesystem"),
    ):
        sandbox.wait_ready(timeout_s=1.0)
    assert sandbox.process.returncode is not None


@pytest.mark.parametrize("text", [b"", b"Traceback\n", b'{"step":"x"}\nno line end'])
def test_anything_else_is_an_error(text: bytes) -> None:
    with _speaking(text) as sandbox, pytest.raises(SandboxError):
        sandbox.wait_ready()
