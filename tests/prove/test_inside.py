"""The child's frame: a plan comes in, errors go out as messages, never as tracebacks."""

import os
import tempfile
from pathlib import Path

import msgspec
import pytest

from hitless.errors import ExitCode
from hitless.prove import inside
from hitless.prove.protocol import Failure, ProvePlan, decode_message


def run(plan: ProvePlan, directory: Path) -> tuple[int, list[object]]:
    """Run a plan in this process and return its status and what it said."""
    messages, output = os.pipe()
    control, control_end = os.pipe()
    with tempfile.TemporaryFile() as plan_file:
        plan_file.write(msgspec.json.encode(plan))
        plan_file.seek(0)
        directory_fd = os.open(directory, os.O_RDONLY)
        words = zip(
            ("--plan-fd", "--output-fd", "--control-fd", "--directory-fd"),
            (os.dup(plan_file.fileno()), output, control, directory_fd),
            strict=True,
        )
        status = inside.main([str(word) for pair in words for word in pair])
    os.close(output)
    said = b"".join(iter(lambda: os.read(messages, 65536), b""))
    for descriptor in (messages, control, control_end, directory_fd):
        os.close(descriptor)
    return status, [decode_message(line) for line in said.splitlines()]


@pytest.fixture(autouse=True)
def keep_sigint() -> "object":
    import signal

    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_error_becomes_a_message(tmp_path: Path) -> None:
    plan = ProvePlan(tier="loopback", files=("h.cfg",), haproxy="/nowhere/haproxy")
    status, said = run(plan, tmp_path)
    assert status == ExitCode.UNKNOWN
    (failure,) = said
    assert isinstance(failure, Failure)
    assert "/nowhere/haproxy" in failure.message


def test_the_exit_code_goes_with_it(tmp_path: Path) -> None:
    from hitless.prove.protocol import LiveTarget

    live = LiveTarget(url="gopher://x/", reload_command=("/bin/true",))
    _, said = run(ProvePlan(tier="live", live=live), tmp_path)
    assert isinstance(said[-1], Failure)
    assert said[-1].exit_code == ExitCode.USAGE
