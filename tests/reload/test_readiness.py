from dataclasses import replace

import msgspec
import pytest

from hitless.facts import Process, Role, RunMode
from hitless.facts.unit import Unit
from hitless.reload.readiness import unready_reasons
from hitless.reload.target import Target
from tests.reload.test_target import target

MASTER = Process(pid=1, parent_pid=0, role=Role.MASTER)
CURRENT = Process(pid=3, parent_pid=1, role=Role.WORKER, generation=0)
STARTING = Process(pid=4, parent_pid=1, role=Role.WORKER)


def in_unit(seen: Target, state: str) -> Target:
    unit = Unit(name="haproxy.service", source="here", active_state=state)
    return replace(seen, instance=msgspec.structs.replace(seen.instance, unit=unit))


def test_what_serves_and_is_not_changing_is_asked() -> None:
    assert list(unready_reasons(target(MASTER, CURRENT))) == []
    assert list(unready_reasons(in_unit(target(MASTER, CURRENT), "active"))) == []


@pytest.mark.parametrize(
    ("seen", "words", "reason"),
    [
        (target(MASTER), {}, "no process of it listens"),
        (target(MASTER, CURRENT), {"not_pid": 3}, "process 3 still serves"),
        (target(MASTER, CURRENT, STARTING), {}, "process 4 is still starting"),
        (target(CURRENT), {}, "its master is gone"),
        (
            target(msgspec.structs.replace(MASTER, pending_signals=(12,)), CURRENT),
            {},
            "SIGUSR2 waits in the master: a reload is about to begin",
        ),
        (in_unit(target(MASTER, CURRENT), "reloading"), {}, "haproxy.service is reloading"),
        (target(MASTER, CURRENT), {"loaded": False}, "its configuration was changed after it was started"),
        (
            target(MASTER, CURRENT),
            {"loaded": None},
            "whether it has loaded what is on disk cannot be seen",
        ),
    ],
)
def test_what_speaks_against_it(seen: Target, words: dict[str, object], reason: str) -> None:
    assert list(unready_reasons(seen, **words)) == [reason]  # type: ignore[arg-type]


def test_a_classic_one_has_no_master() -> None:
    classic = Process(pid=3, parent_pid=0, role=Role.CLASSIC, generation=0)
    assert list(unready_reasons(target(classic, mode=RunMode.CLASSIC))) == []
