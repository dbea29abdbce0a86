import os
import select
import signal

from hitless.run.machine import Wish
from hitless.run.signals import FORWARDED, WISHES, SignalSocket


def test_signals_come_as_bytes_each_once_and_are_as_before_afterwards() -> None:
    before = {number: signal.getsignal(number) for number in (*WISHES, *FORWARDED, signal.SIGCHLD)}
    with SignalSocket() as signals:
        assert signals.take() == ()
        os.kill(os.getpid(), signal.SIGHUP)
        assert select.select([signals], [], [], 30)[0]
        os.kill(os.getpid(), signal.SIGUSR2)
        os.kill(os.getpid(), signal.SIGHUP)
        assert signals.take() == (signal.SIGHUP, signal.SIGUSR2)
    assert {number: signal.getsignal(number) for number in before} == before


def test_what_a_container_sends_to_stop_is_a_wish_to_stop() -> None:
    assert {WISHES[n] for n in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)} == {Wish.STOP}
    assert {WISHES[n] for n in (signal.SIGHUP, signal.SIGUSR2)} == {Wish.RELOAD}
