import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from hitless.control.errors import CouldNotAsk
from hitless.facts import RunMode
from hitless.host.errors import Gone
from hitless.reload.drain.reach import CLASSIC, NO_MASTER_CLI, Reach
from tests.reload.drain.made import process
from tests.reload.test_target import target


@contextmanager
def answering(path: Path, answer: bytes) -> Iterator[list[str]]:
    """A runtime API that gives everybody the same answer."""
    asked: list[str] = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        thread = threading.Thread(target=_serve, args=(listener, answer, asked), daemon=True)
        thread.start()
        try:
            yield asked
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(listener: socket.socket, answer: bytes, asked: list[str]) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            asked.append(connection.makefile().readline().strip())
            connection.sendall(answer)


def test_a_worker_is_asked_through_its_master(tmp_path: Path) -> None:
    with answering(tmp_path / "m", b"so it is\n\n") as asked:
        reach = Reach(replace(target(), master_address=str(tmp_path / "m")))
        assert reach.ask(process(os.getpid()), "show info", timeout_s=30) == "so it is"
    assert asked == [f"@!{os.getpid()} show info"]
    assert reach.why_not == ""
    assert str(tmp_path / "m") in reach.name


def test_a_worker_that_has_ended_is_not_asked(tmp_path: Path) -> None:
    reach = Reach(replace(target(), master_address=str(tmp_path / "m")))
    with pytest.raises(Gone):
        reach.ask(process(4_000_000), "show info", timeout_s=1)


def test_the_master_lists_its_processes(tmp_path: Path) -> None:
    rows = b"1  master  3 [failed: 0]  0d00h00m09s  2.8.25\n# workers\n2  worker  0  0d00h00m01s  2.8.25\n\n"
    with answering(tmp_path / "m", rows):
        found = Reach(replace(target(), master_address=str(tmp_path / "m"))).ask_processes(timeout_s=30)
    assert found is not None
    assert [row.pid for row in found.workers] == [2]
    assert Reach(target()).ask_processes(timeout_s=1) is None


def test_without_a_masters_cli_nothing_leads_to_an_old_worker() -> None:
    reach = Reach(target())
    assert reach.why_not == NO_MASTER_CLI
    with pytest.raises(CouldNotAsk, match="-S"):
        reach.ask(process(), "show info", timeout_s=1)


def test_a_classic_process_answers_as_long_as_it_serves(tmp_path: Path) -> None:
    with answering(tmp_path / "s", b"yes\n") as asked:
        seen = replace(target(mode=RunMode.CLASSIC), stats_addresses=(str(tmp_path / "s"),))
        reach = Reach(seen)
        assert reach.why_not == CLASSIC
        assert reach.ask(process(generation=0), "show info", timeout_s=30) == "yes"
        with pytest.raises(CouldNotAsk, match="no CLI any more"):
            reach.ask(process(generation=1), "show info", timeout_s=30)
    assert asked == ["show info"]
