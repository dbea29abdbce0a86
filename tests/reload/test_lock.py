import multiprocessing
import signal
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from pathlib import Path

import pytest

from hitless.clock import now_ns
from hitless.errors import ReloadError
from hitless.reload.instance_files import InstanceFiles
from hitless.reload.lock import count_waiting, covering, hold_lock, remember
from tests.reload.made_receipts import make_receipt


@pytest.fixture
def files(tmp_path: Path) -> Iterator[InstanceFiles]:
    with InstanceFiles(str(tmp_path / "state" / "one")) as found:
        yield found


def hold(path: str, theirs: Connection) -> None:
    with InstanceFiles(path) as files, hold_lock(files, timeout_s=30):
        theirs.send("held")
        theirs.poll(60)


Holder = tuple[ForkProcess, Connection]


@pytest.fixture
def holder(files: InstanceFiles) -> Iterator[Holder]:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=hold, args=(files.path, theirs))
    process.start()
    assert ours.recv() == "held"
    yield process, ours
    ours.close()
    process.kill()
    process.join()


def test_only_one_at_a_time(files: InstanceFiles, holder: Holder) -> None:
    said = []
    with (
        pytest.raises(ReloadError, match="did not end in time"),
        hold_lock(files, timeout_s=0.1, waiting=lambda: said.append("waiting")),
    ):
        pytest.fail("held by another")
    assert said == ["waiting"]
    holder[1].send("leave")
    with hold_lock(files, timeout_s=60):
        pass


def test_a_holder_that_is_killed_lets_go(files: InstanceFiles, holder: Holder) -> None:
    process, _ = holder
    assert process.pid
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    with hold_lock(files, timeout_s=30):
        pass


def test_who_waits_is_counted(files: InstanceFiles, holder: Holder) -> None:
    waits = threading.Event()
    entered = threading.Event()

    def wait() -> None:
        with InstanceFiles(files.path) as own, hold_lock(own, timeout_s=60, waiting=waits.set):
            entered.set()

    thread = threading.Thread(target=wait)
    thread.start()
    assert waits.wait(60)
    for _ in range(6000):
        if count_waiting(files) == 1:
            break
        entered.wait(0.01)
    assert count_waiting(files) == 1
    holder[1].send("leave")
    thread.join(60)
    assert count_waiting(files) == 0


def test_who_was_killed_while_waiting_does_not_count(files: InstanceFiles) -> None:
    files.write_bytes("waiting-999999999-1", b"")
    assert count_waiting(files) == 0
    assert "waiting-999999999-1" not in files.names()


def test_a_reload_that_began_after_the_question_answers_it(files: InstanceFiles) -> None:
    asked = now_ns()
    began = now_ns()
    remember(files, began_ns=began, what="reload", receipt=make_receipt())
    found = covering(files, asked_ns=asked, what="reload")
    assert found is not None
    assert found.id == make_receipt().id


def test_one_that_began_before_does_not(files: InstanceFiles) -> None:
    remember(files, began_ns=now_ns(), what="reload", receipt=make_receipt())
    assert covering(files, asked_ns=now_ns(), what="reload") is None


def test_one_that_did_something_else_does_not(files: InstanceFiles) -> None:
    asked = now_ns()
    remember(files, began_ns=now_ns(), what="another configuration", receipt=make_receipt())
    assert covering(files, asked_ns=asked, what="reload") is None


def test_without_any_before(files: InstanceFiles) -> None:
    assert covering(files, asked_ns=0, what="reload") is None
