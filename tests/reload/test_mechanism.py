"""Which way of reloading is chosen, and which wishes contradict themselves."""

import pytest

from hitless.errors import ExitCode, UsageError
from hitless.reload.mechanism import Mode, Via, choose_mechanism

SOCKET = "/run/haproxy/admin.sock"


@pytest.mark.parametrize(
    ("via", "mode", "version", "socket", "expected"),
    [
        (Via.AUTO, None, (2, 8), None, (Via.MASTER_CLI, Mode.MASTER_WORKER)),
        (Via.AUTO, None, (2, 7), SOCKET, (Via.MASTER_CLI, Mode.MASTER_WORKER)),
        (Via.AUTO, None, (2, 6), SOCKET, (Via.USR2, Mode.MASTER_WORKER)),
        (Via.AUTO, Mode.CLASSIC, (2, 8), SOCKET, (Via.SF_X, Mode.CLASSIC)),
        (Via.AUTO, Mode.CLASSIC, (2, 8), None, (Via.SF, Mode.CLASSIC)),
        (Via.SF, None, (2, 8), SOCKET, (Via.SF, Mode.CLASSIC)),
        (Via.SF_X, None, (2, 8), SOCKET, (Via.SF_X, Mode.CLASSIC)),
        (Via.HUP, None, (2, 8), None, (Via.HUP, Mode.MASTER_WORKER)),
        (Via.USR2, Mode.MASTER_WORKER, (3, 0), None, (Via.USR2, Mode.MASTER_WORKER)),
        (Via.MASTER_CLI, None, (2, 6), None, (Via.MASTER_CLI, Mode.MASTER_WORKER)),
        (Via.RESTART, None, (2, 8), None, (Via.RESTART, Mode.MASTER_WORKER)),
        (Via.RESTART, Mode.CLASSIC, (2, 8), None, (Via.RESTART, Mode.CLASSIC)),
    ],
)
def test_choice(
    via: Via, mode: Mode | None, version: tuple[int, int], socket: str | None, expected: tuple[Via, Mode]
) -> None:
    mechanism = choose_mechanism(via, mode, version=version, transfer_socket=socket)
    assert (mechanism.via, mechanism.mode) == expected
    assert mechanism.why


@pytest.mark.parametrize(
    ("via", "mode"),
    [
        (Via.SF, Mode.MASTER_WORKER),
        (Via.SF_X, Mode.MASTER_WORKER),
        (Via.USR2, Mode.CLASSIC),
        (Via.HUP, Mode.CLASSIC),
    ],
)
def test_a_way_that_the_mode_does_not_have(via: Via, mode: Mode) -> None:
    with pytest.raises(UsageError, match=f"--via {via}.*--mode {mode}") as caught:
        choose_mechanism(via, mode, version=(2, 8), transfer_socket=SOCKET)
    assert "--mode" in caught.value.hint


def test_a_hand_over_needs_a_socket_that_hands_over() -> None:
    with pytest.raises(UsageError, match="expose-fd listeners") as caught:
        choose_mechanism(Via.SF_X, None, version=(2, 8), transfer_socket=None)
    assert "stats socket" in caught.value.hint
    assert caught.value.exit_code is ExitCode.USAGE
