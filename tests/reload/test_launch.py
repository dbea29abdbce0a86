"""Programs are started as a service would start HAProxy, and what they print is always read."""

import os
import queue
import subprocess
import sys
from pathlib import Path

import pytest

from hitless.clock import now_ns
from hitless.errors import ReloadError
from hitless.records import Event, EventKind
from hitless.reload.launch import Launch, MessageReader, spawn
from tests.reload.programs import ENDS, write_program


@pytest.fixture
def emitted() -> "queue.Queue[Event]":
    return queue.Queue()


def test_the_command_line() -> None:
    launch = Launch("/usr/sbin/haproxy", ("a.cfg", "conf.d"), ("-n", "10"))
    assert launch.command("-W", "-db") == [
        "/usr/sbin/haproxy", "-W", "-db", "-f", "a.cfg", "-f", "conf.d", "-n", "10",
    ]  # fmt: skip


def test_what_is_printed_becomes_events(tmp_path: Path, emitted: "queue.Queue[Event]") -> None:
    reader = MessageReader(emitted.put)
    before_ns = now_ns()
    process = spawn(Launch(write_program(tmp_path / "haproxy", ENDS), ()), [], reader)
    assert process.wait(60) == 3
    event = emitted.get(timeout=60)
    assert (event.kind, event.state, event.text) == (EventKind.HAPROXY_MESSAGE, "alert", "cannot bind socket")
    assert event.pid == process.pid
    assert reader.since(before_ns) == [event]
    assert reader.since(now_ns()) == []
    reader.close()


def test_a_program_that_prints_without_end_is_not_blocked(
    tmp_path: Path, emitted: "queue.Queue[Event]"
) -> None:
    reader = MessageReader(emitted.put)
    text = (
        f"#!{sys.executable}\nimport sys\nsys.stderr.write('x' * 3_000_000 + '\\n' + '\\udcff\\x1b[2J\\n')\n"
    )
    process = spawn(Launch(write_program(tmp_path / "haproxy", text), ()), [], reader)
    assert process.wait(60) is not None
    reader.close()
    assert sum(len(event.text) for event in emitted.queue) > 1_000_000


def test_environment_and_directory_are_those_of_the_service(
    tmp_path: Path, emitted: "queue.Queue[Event]"
) -> None:
    reader = MessageReader(emitted.put)
    program = write_program(tmp_path / "haproxy", '#!/bin/sh\necho "$CONFIG in $(pwd), home ${HOME:-none}"\n')
    launch = Launch(program, (), environment={"CONFIG": "x"}, working_directory=str(tmp_path))
    spawn(launch, [], reader).wait(60)
    assert emitted.get(timeout=60).text == f"x in {tmp_path}, home none"
    reader.close()


def test_a_program_that_is_not_there(tmp_path: Path, emitted: "queue.Queue[Event]") -> None:
    reader = MessageReader(emitted.put)
    with pytest.raises(ReloadError, match="cannot be started: No such file") as caught:
        spawn(Launch(str(tmp_path / "nothing"), ()), [], reader)
    assert "--haproxy" in caught.value.hint
    reader.close()


def test_a_program_dies_with_its_starter(tmp_path: Path) -> None:
    program = write_program(tmp_path / "haproxy", "#!/bin/sh\nexec sleep 600\n")
    starter = (
        "import os, sys\n"
        "from hitless.reload.launch import Launch, MessageReader, spawn\n"
        f"print(spawn(Launch({program!r}, ()), [], MessageReader(print)).pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", starter], stdout=subprocess.PIPE, timeout=60, check=False)
    pid = int(done.stdout)
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    import select

    assert select.select([descriptor], [], [], 60)[0]
    os.close(descriptor)
