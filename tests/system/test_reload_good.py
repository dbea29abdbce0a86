"""A good reload: nobody is hurt, and the receipt says what happened."""

import socket
from pathlib import Path

import pytest

from tests.system.live_haproxy import await_true, versions
from tests.system.reload_bed import ANSWERS, UNPREPARED, WITHOUT_SOCKET, Result, hurt, outcomes, service

pytestmark = pytest.mark.system


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("version", versions())
@pytest.mark.parametrize(
    ("mode", "configuration", "mechanism"),
    [
        ("master-worker", ANSWERS, {"2.2": "usr2", "2.6": "usr2"}),
        ("classic", ANSWERS, {"": "sf-x"}),
        ("classic", UNPREPARED, {"": "sf-offered"}),
        ("classic", WITHOUT_SOCKET, {"": "sf-offered"}),
    ],
    ids=["master-worker", "classic", "classic-unprepared", "classic-without-a-socket"],
)
def test_nobody_is_hurt_and_the_receipt_is_right(
    tmp_path: Path, version: str, mode: str, configuration: str, mechanism: dict[str, str]
) -> None:
    with service(tmp_path, version, mode, configuration, wait="stats socket" in configuration) as running:
        results: list[Result] = []
        await_true(lambda: listens(running.live.port), "it listens")
        found = outcomes(
            tmp_path / "rows",
            running.live.port,
            lambda: results.extend(running.reload() for _ in range(2)),
        )
        assert hurt(found) == {}
        assert sum(found.values()) > 50
        for result in results:
            document = result.document
            assert (result.status, result.outcome) == (0, "taken-over"), result
            assert document["mechanism"] == mechanism.get(version, mechanism.get("", "master-cli"))
            assert {c["fate"] for c in document["listeners"]} == {"inherited"}
            assert all(c["inodes_before"] == c["inodes_after"] for c in document["listeners"])
            assert document["clients"].get("resets_to_clients", 0) == 0
            names = [phase["name"] for phase in document["phases"]]
            assert names.index("preflight") < names.index("trigger") < names.index("close")
        first, second = results
        assert second.document["old_pids"][0] == first.document["new_pid"]
        if "stats socket" in configuration:
            assert running.serving() == second.document["new_pid"]
        assert running.leftovers == []
