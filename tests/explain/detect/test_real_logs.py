"""What real HAProxies of five branches logged while they were reloaded, failed, cut, restarted and killed.

Of the lines about requests one in twelve is here. `VERSION.log` is what rsyslog wrote, `VERSION.stderr` what HAProxy
printed, which has no times.
"""

from datetime import UTC
from pathlib import Path

import pytest

from hitless.explain.detect.detect import detect_changes
from hitless.explain.entries import ReadOptions
from hitless.explain.heads.wall_clock import WallClock
from hitless.explain.sources.log_set import open_logs
from hitless.explain.window import read_entries
from hitless.logged import Blind, Change, ChangeKind, Detection, OwnMessage, Traffic
from tests.explain.activity_table import ActivityTable

FIXTURES = Path(__file__).parent.parent / "fixtures"
K = ChangeKind
BASE_S = 1_795_920_000
DONE: dict[str, list[tuple[float, str]]] = {
    "2.2": [
        (982.3, "start"),
        (983.8, "reload"),
        (985.8, "broken"),
        (987.8, "reload"),
        (989.8, "reload"),
        (992.8, "hard stop"),
        (994.3, "bind"),
        (998.3, "reload"),
        (1000.3, "restart"),
        (1003.3, "kill"),
        (1005.8, "stop"),
    ],
    "2.6": [
        (1006.4, "start"),
        (1007.9, "reload"),
        (1009.9, "broken"),
        (1011.9, "reload"),
        (1013.9, "reload"),
        (1016.9, "hard stop"),
        (1018.4, "bind"),
        (1022.4, "reload"),
        (1024.4, "restart"),
        (1026.4, "kill"),
        (1028.9, "stop"),
    ],
    "2.8": [
        (1029.5, "start"),
        (1031.0, "reload"),
        (1033.0, "broken"),
        (1035.0, "reload"),
        (1037.0, "reload"),
        (1040.0, "hard stop"),
        (1041.5, "bind"),
        (1045.5, "reload"),
        (1047.6, "restart"),
        (1049.6, "kill"),
        (1052.1, "stop"),
    ],
    "3.0": [
        (1052.7, "start"),
        (1054.2, "reload"),
        (1056.2, "broken"),
        (1058.2, "reload"),
        (1060.2, "reload"),
        (1063.2, "hard stop"),
        (1064.7, "bind"),
        (1068.7, "reload"),
        (1070.7, "restart"),
        (1072.7, "kill"),
        (1075.2, "stop"),
    ],
    "3.2": [
        (1075.8, "start"),
        (1077.3, "reload"),
        (1079.3, "broken"),
        (1081.3, "reload"),
        (1083.3, "reload"),
        (1086.3, "hard stop"),
        (1087.8, "bind"),
        (1091.8, "reload"),
        (1093.8, "restart"),
        (1095.8, "kill"),
        (1098.3, "stop"),
    ],
}
LOGGED = {
    "reload": K.RELOAD,
    "hard stop": K.HARD_STOP,
    "bind": K.FAILED_RELOAD,
    "restart": K.RESTART,
    "kill": K.RESTART,
    "stop": K.STOP,
}
PRINTED = LOGGED | {"start": K.START, "broken": K.FAILED_RELOAD, "kill": K.CRASH}


def detect(*names: str) -> Detection:
    table = ActivityTable()
    own = []
    with open_logs([str(FIXTURES / name) for name in names], ReadOptions(clock=WallClock(UTC))) as logs:
        for entry in read_entries(logs):
            if isinstance(entry, Traffic):
                table.add(entry)
            elif isinstance(entry, OwnMessage):
                own.append(entry)
    return detect_changes(table.activities, own, [])


def check(changes: tuple[Change, ...], version: str, kinds: dict[str, ChangeKind]) -> None:
    """Every change is one that was done, and was found when it was done."""
    done = [(BASE_S + seconds, kinds[what]) for seconds, what in DONE[version] if what in kinds]
    assert sorted(change.kind for change in changes) == sorted(kind for _, kind in done)
    for kind in set(kinds.values()):
        found = sorted((c.at for c in changes if c.kind is kind), key=lambda at: (at.t_ns, at.latest_ns))
        for at, second in zip(found, [s for s, k in done if k is kind], strict=True):
            assert at.t_ns / 1e9 - 1 <= second <= at.latest_ns / 1e9 + 0.5, (kind, second - BASE_S)


@pytest.mark.parametrize("version", list(DONE))
def test_the_log_alone(version: str) -> None:
    found = detect(f"{version}.log")
    # Up to 2.3 proxies that start are logged.
    check(found.changes, version, LOGGED | ({"start": K.START} if version == "2.2" else {}))
    assert found.blind == (Blind.NO_MASTER_MESSAGES, Blind.COARSE_TIME)
    assert len(found.generations) == 7
    failed = next(change for change in found.changes if change.kind is K.FAILED_RELOAD)
    assert failed.refused_ns == 2 * 10**9
    assert next(change for change in found.changes if change.kind is K.HARD_STOP).cut_connections >= 1


@pytest.mark.parametrize("version", list(DONE))
def test_the_log_and_what_was_printed(version: str) -> None:
    found = detect(f"{version}.log", f"{version}.stderr")
    check(found.changes, version, PRINTED)
    assert found.blind == (Blind.COARSE_TIME,)
    reasons = [change.reason for change in found.changes if change.kind is K.FAILED_RELOAD]
    assert "this-is-wrong" in reasons[0]
    assert "cannot bind" in reasons[1]
    crash = next(change for change in found.changes if change.kind is K.CRASH)
    assert crash.exit_code == 137
    assert {g.exit_code for g in found.generations} == {0, 137, 143}
