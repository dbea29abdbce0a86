from dataclasses import replace

import pytest

from hitless.errors import UsageError
from hitless.facts import RunMode
from hitless.reload.choice import Means, Trigger, check_transfer, choose_trigger
from hitless.reloads import CheckState

MASTER = Means(mode=RunMode.MASTER_WORKER, version=(2, 8), master_cli=True, migrate_req="0", can_set=True)
CLASSIC = Means(mode=RunMode.CLASSIC, version=(2, 8), migrate_req="0", can_set=True)


@pytest.mark.parametrize(
    ("means", "trigger", "transfer"),
    [
        (MASTER, Trigger.MASTER_CLI, True),
        (replace(MASTER, version=(2, 6)), Trigger.USR2, True),
        (replace(MASTER, version=(2, 2)), Trigger.USR2, False),
        (replace(MASTER, version=(2, 2), exposing="/run/a.sock"), Trigger.USR2, True),
        (replace(MASTER, master_cli=False), Trigger.USR2, True),
        (replace(MASTER, signal_blocked=True), Trigger.MASTER_CLI, True),
        (replace(MASTER, version=(2, 6), signal_blocked=True), Trigger.MASTER_CLI, True),
        (replace(MASTER, version=(3, 2), lost="the last reload failed"), Trigger.MASTER_CLI, False),
        (CLASSIC, Trigger.SF, False),
        (replace(CLASSIC, can_take=True), Trigger.SF_OFFERED, True),
        (replace(CLASSIC, can_take=True, exposing="/run/a.sock"), Trigger.SF_X, True),
    ],
)
def test_the_best_way_there_is(means: Means, trigger: Trigger, transfer: bool) -> None:  # noqa: FBT001
    choice = choose_trigger(means)
    assert (choice.trigger, choice.transfer) == (trigger, transfer)
    assert choice.net is not transfer
    assert choice.why
    assert choice.transfer_why


@pytest.mark.parametrize(
    ("means", "asked"),
    [
        (MASTER, Trigger.SF),
        (CLASSIC, Trigger.USR2),
        (replace(MASTER, master_cli=False), Trigger.MASTER_CLI),
        (replace(MASTER, signal_blocked=True), Trigger.USR2),
        (MASTER, Trigger.SYSTEMD),
        (CLASSIC, Trigger.SF_X),
        (CLASSIC, Trigger.SF_OFFERED),
    ],
)
def test_what_is_not_to_be_had_is_refused(means: Means, asked: Trigger) -> None:
    with pytest.raises(UsageError, match=str(asked)):
        choose_trigger(means, asked)


def test_a_way_that_was_asked_for_is_taken() -> None:
    assert choose_trigger(replace(MASTER, unit="haproxy.service"), Trigger.SYSTEMD).trigger is Trigger.SYSTEMD


def test_a_master_that_can_be_neither_signalled_nor_asked() -> None:
    with pytest.raises(UsageError, match="neither"):
        choose_trigger(replace(MASTER, master_cli=False, signal_blocked=True))


@pytest.mark.parametrize(
    ("means", "state"),
    [
        (MASTER, CheckState.PASSED),
        (replace(MASTER, lost="the last reload failed"), CheckState.WARNED),
        (replace(MASTER, lost="failed", can_set=False, migrate_req="1"), CheckState.WARNED),
        (replace(MASTER, lost="failed", can_set=False), CheckState.FAILED),
        (replace(MASTER, lost="failed", can_set=False, migrate_req=""), CheckState.FAILED),
        (replace(MASTER, lost="failed", no_reuseport=True), CheckState.FAILED),
        (replace(MASTER, no_reuseport=True), CheckState.PASSED),
    ],
)
def test_what_becomes_of_waiting_connections(means: Means, state: CheckState) -> None:
    check = check_transfer(means, choose_trigger(means))
    assert check.state is state
    assert check.name == "socket-transfer"
    assert check.hint or state is not CheckState.FAILED
