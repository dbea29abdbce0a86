import pytest

from hitless.host.memory_limits import MemoryLimit
from hitless.reload.preflight.room_finding import Fit
from hitless.reload.preflight.room_memory import judge_memory

MIB = 1024**2


@pytest.mark.parametrize(
    ("resident", "available", "limits", "fits"),
    [
        (100, 1000, [], [Fit.FITS]),
        (100, 100, [], [Fit.FITS]),
        (100, 99, [], [Fit.TIGHT]),
        (100, 50, [], [Fit.TIGHT]),
        (100, 49, [], [Fit.DOES_NOT_FIT]),
        (100, None, [], []),
        (100, 1000, [(500, 450)], [Fit.FITS, Fit.TIGHT]),
        (100, 1000, [(500, 490), (9000, 10)], [Fit.FITS, Fit.DOES_NOT_FIT, Fit.FITS]),
    ],
)
def test_a_second_one_beside_the_first(
    resident: int, available: int | None, limits: list[tuple[int, int]], fits: list[Fit]
) -> None:
    groups = [MemoryLimit("/haproxy.service", limit * MIB, used * MIB) for limit, used in limits]
    found = judge_memory(resident * MIB, None if available is None else available * MIB, groups)
    assert [finding.fit for finding in found] == fits


def test_the_numbers_are_said() -> None:
    (host, group) = judge_memory(100 * MIB, 70 * MIB, [MemoryLimit("/x", 500 * MIB, 490 * MIB)])
    assert host.text == (
        "memory: 70 MiB available on the host, the current process holds 100 MiB: a second one as large does not fit"
    )
    assert "10 MiB left in control group /x (of 500 MiB)" in group.text
