import os
import socket

import pytest

from hitless.control.errors import NotUnderstood
from hitless.drains import SessionState
from hitless.errors import ControlError
from hitless.facts import Process
from hitless.host.socket_activity import SocketActivity
from hitless.reload.drain.read_process import (
    KernelView,
    ask_info,
    ask_samples,
    ask_sessions,
    read_kernel_view,
)
from tests.control.session_rows import DETAIL_2_2_TCP, DETAIL_3_2, V2_6, V2_8
from tests.reload.drain.made import info, process, session

INFO = "Name: HAProxy\nVersion: 2.8.25\nPid: 10\nUptime_sec: 5\nStopping: 1\nCurrConns: 2\n"


class Answers:
    """Answers by the command; remembers what was asked."""

    def __init__(self, **answers: str) -> None:
        self.answers = {name.replace("_", " "): text for name, text in answers.items()}
        self.asked: list[str] = []

    def ask(self, _of: Process, command: str, *, timeout_s: float, patient: bool = True) -> str:
        assert timeout_s > 0
        assert patient
        self.asked.append(command)
        return next(text for name, text in self.answers.items() if command.startswith(name))


def test_a_process_says_what_it_is() -> None:
    said = ask_info(Answers(show_info=INFO), process())
    assert (said.pid, said.stopping, said.number("CurrConns")) == (10, True, 2)
    with pytest.raises(NotUnderstood):
        ask_info(Answers(show_info="?"), process())


def test_sessions_with_how_long_the_kernel_saw_nothing_move() -> None:
    kernel = KernelView(
        {10: {15: 1001, 16: 1002}},
        {
            1001: SocketActivity("10.0.0.1:80", "10.0.0.9:5", 1001, 4.0),
            1002: SocketActivity("10.0.0.1:9", "10.0.0.8:80", 1002, 9.0),
        },
    )
    first, second, third = ask_sessions(Answers(show_sess=V2_6), process(), info(), kernel)
    assert (first.pid, first.age_s, first.idle_s) == (10, 1, 9.0)
    assert second.idle_s is None
    assert third.row.frontend == ""
    assert ask_sessions(Answers(show_sess=V2_6), process(), info())[0].idle_s is None


def test_an_age_that_cannot_be_comes_from_when_the_session_was_accepted() -> None:
    rows = V2_8.splitlines()[1]
    accepted = (
        DETAIL_2_2_TCP.replace("0x56339ca3d0b0", "0xf1b8a0")
        + "0xf1af00: [29/Nov/2026:03:25:44.100000] id=9 proto=sockpair source=unix:2\n"
    )
    answers = Answers(**{"show sess all": accepted, "show sess": rows})
    (found,) = ask_sessions(answers, process(), info())
    assert found.age_s == 3600
    assert answers.asked == ["show sess", "show sess all"]


def test_no_question_for_too_many_connections() -> None:
    answers = Answers(show_sess="")
    with pytest.raises(ControlError, match="200000 connections"):
        ask_sessions(answers, process(), info(CurrConns=200_000))
    assert answers.asked == []


def test_a_few_tunnels_of_each_group_are_looked_at_closely() -> None:
    held = [session(n) for n in range(1, 50)] + [session(60, frontend="db", backend="")]
    held += [session(70, state=SessionState.RESPONSE), session(71, frontend="")]
    answers = Answers(show_sess=DETAIL_3_2)
    found = ask_samples(answers, process(), held)
    assert {key: len(samples) for key, samples in found.items()} == {("web", "app"): 3, ("db", ""): 1}
    assert answers.asked == [
        "show sess 0x1",
        "show sess 0x19",
        "show sess 0x31",
        "show sess 0x3c",
    ]


def test_one_that_is_gone_meanwhile_is_no_sample() -> None:
    assert ask_samples(Answers(show_sess="Session not found.\n"), process(), [session(1)]) == {
        ("web", "app"): ()
    }
    assert ask_samples(Answers(), process(), []) == {}


def test_many_groups_are_not_all_looked_at() -> None:
    held = [session(n, frontend=f"f{n}") for n in range(40)]
    assert len(ask_samples(Answers(show_sess=DETAIL_3_2), process(), held)) == 10


def test_the_kernel_shows_the_connections_of_a_process() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as client,
    ):
        kernel, notes = read_kernel_view([process(os.getpid())])
        sockets = kernel.sockets(os.getpid())
        assert sockets is not None
        assert f"127.0.0.1:{client.getsockname()[1]}" in {s.local for s in sockets}
        assert kernel.inode(os.getpid(), client.fileno()) == os.fstat(client.fileno()).st_ino
        assert kernel.inode(os.getpid(), -1) == 0
    assert notes == ()


def test_a_process_that_has_ended_shows_nothing() -> None:
    kernel, notes = read_kernel_view([process(4_000_000)])
    assert kernel.sockets(4_000_000) is None
    assert len(notes) == 1
    assert "not known" in notes[0]
