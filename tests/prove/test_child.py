"""The frame that every child has: a plan in, a last word out, errors as messages."""

import os
import signal
import tempfile
from pathlib import Path

import msgspec
import pytest

from hitless.errors import ExitCode, SandboxError
from hitless.prove.channel import Channel
from hitless.prove.child import run_child
from hitless.prove.protocol import Failure, Finished, Progress, decode_message
from hitless.records import Record


class Plan(Record, frozen=True):
    fail: bool = False


def carry_out(plan: Plan, channel: Channel, directory_fd: int) -> Finished:
    channel.say(Progress(stage="step", detail=str(os.fstat(directory_fd).st_nlink > 0)))
    if plan.fail:
        raise SandboxError("it broke", hint="mend it")
    return Finished()


@pytest.fixture(autouse=True)
def keep_sigint() -> "object":
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("fail", "status", "last"),
    [
        (False, ExitCode.CLEAN, Finished()),
        (True, ExitCode.UNKNOWN, Failure(message="it broke", hint="mend it", exit_code=3)),
    ],
)
def test_a_plan_is_carried_out(tmp_path: Path, fail: bool, status: ExitCode, last: object) -> None:  # noqa: FBT001
    messages, output = os.pipe()
    control, control_end = os.pipe()
    with tempfile.TemporaryFile() as plan_file:
        plan_file.write(msgspec.json.encode(Plan(fail=fail)))
        plan_file.seek(0)
        directory_fd = os.open(tmp_path, os.O_RDONLY)
        given = ("--plan-fd", os.dup(plan_file.fileno()), "--output-fd", output, "--control-fd", control)
        arguments = [str(word) for word in (*given, "--directory-fd", directory_fd)]
        assert run_child(Plan, carry_out, arguments) == status
    os.close(output)
    said = b"".join(iter(lambda: os.read(messages, 65536), b""))
    for descriptor in (messages, control, control_end, directory_fd):
        os.close(descriptor)
    assert [decode_message(line) for line in said.splitlines()] == [
        Progress(stage="step", detail="True"),
        last,
    ]
