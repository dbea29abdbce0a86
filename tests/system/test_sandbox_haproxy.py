import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.system.conftest import require
from tests.system.sandbox_helpers import PROGRAMS, TIERS, python_for, run

pytestmark = pytest.mark.system

_CONFIGURATIONS = Path(__file__).parent / "configurations"
_LACKING = "/var/lib/hitless-lacking"
_WATCHED = ("/etc", "/etc/ssl", "/etc/ssl/private", "/run", "/run/haproxy", "/var/lib")
_OTHERS = ("hitless-offer-", "systemd", "netns", "dbus", "lock", "mount")


@pytest.fixture
def place() -> Iterator[Path]:
    """Where an ordinary user can read the configurations, too."""
    with TemporaryDirectory(dir="/tmp") as directory:
        Path(directory).chmod(0o755)
        for source in _CONFIGURATIONS.iterdir():
            shutil.copy(source, directory)
        yield Path(directory)


def _listing() -> dict[str, list[tuple[str, int]]]:
    """What lies in the directories that the configuration writes to, with the time of the last change.

    Without what other programs, and tests that run at the same time, have there.
    """
    return {
        directory: [
            (entry.name, entry.lstat().st_ctime_ns)
            for entry in Path(directory).iterdir()
            if not entry.name.startswith(_OTHERS)
        ]
        for directory in _WATCHED
        if os.access(directory, os.R_OK)
    }


def _skip_unless_startable(haproxy: str, tier: str) -> None:
    parents = Path(haproxy).resolve().parents
    can_start = all(parent.stat().st_mode & 0o001 for parent in parents)
    require(tier == "root" or can_start, f"an ordinary user cannot start {haproxy}")


@pytest.mark.parametrize("tier", TIERS)
def test_a_configuration_that_lacks_everything_runs_unmodified(tier: str, haproxy: str, place: Path) -> None:
    _skip_unless_startable(haproxy, tier)
    before = _listing()
    program = (python_for(tier), str(PROGRAMS / "haproxy_inside.py"), haproxy)
    _, output = run(tier, (*program, str(place / "lacking_everything.cfg"), tier, _LACKING))
    result = json.loads(output)
    assert result["check"] == 0, result["messages"]
    assert "Loading success" in result["started"]
    assert result["answers"] == ["HTTP/1.1 200 OK"] * 6
    assert result["socket"]
    assert result["version"]
    reported = {kind for kind, _ in result["stand_ins"]}
    assert reported >= {
        "certificate",
        "user",
        "group",
        "chroot",
        "map",
        "acl",
        "error-file",
        "ca",
        "dh",
        "lua",
        "spoe",
    }
    assert not Path(_LACKING).exists()
    assert _listing() == before


@pytest.mark.parametrize("tier", TIERS)
def test_what_haproxy_refuses_is_supplied_until_it_runs(tier: str, haproxy: str, place: Path) -> None:
    _skip_unless_startable(haproxy, tier)
    configuration = place / "refused_step_by_step.cfg"
    before = configuration.read_bytes()
    program = (python_for(tier), str(PROGRAMS / "refused_inside.py"), haproxy, str(configuration), tier)
    result = json.loads(run(tier, program)[1])
    assert result["runs"], result
    assert {Path(name).name for name in result["supplied"]} >= {
        "www.pem", "ca.pem", "list.txt", "hosts.map", "blocked.lst", "servers.pem", "client.pem", "jail",
        "hitless-lacking", "hitless-other", "script.lua", "503.http",
    }  # fmt: skip
    assert {line.split()[0] for line in result["adapted"]} == {"maxconn", "nbthread"}
    assert configuration.read_bytes() == before
