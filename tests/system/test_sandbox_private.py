import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from hitless.sandbox.mountinfo import parse_mountinfo
from tests.system.sandbox_helpers import NOBODY, PROGRAMS, TIERS, python_for, run

pytestmark = pytest.mark.system


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory whose parents anybody may enter; pytest's own are root's."""
    with TemporaryDirectory(dir="/tmp") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


def _host_mounts() -> list[tuple[str, str]]:
    mounts = parse_mountinfo(Path("/proc/self/mountinfo").read_bytes())
    return [(mount.point, mount.source) for mount in mounts if mount.source == "hitless"]


@pytest.mark.parametrize("tier", TIERS)
def test_every_change_is_private_and_nothing_of_the_host_can_be_reached(tier: str, place: Path) -> None:
    here = place / "a,b:c d"  # what would break the options of an overlay
    here.mkdir()
    for name in ("file", "gone"):
        (here / name).write_text("host")
    if os.geteuid() == 0 and tier == "user":
        for path in (place, here, here / "file", here / "gone"):
            os.chown(path, NOBODY, NOBODY)
    with socket.socket(socket.AF_UNIX) as live, socket.socket(socket.AF_UNIX) as abstract:
        live.bind(str(here / "live.sock"))
        abstract.bind(f"\0{here}/abstract")
        (here / "live.sock").chmod(0o777)
        for server in (live, abstract):
            server.listen()
            server.setblocking(False)  # noqa: FBT003 - the method's only form
        program = (python_for(tier), str(PROGRAMS / "touch_everything.py"), str(here))
        result = json.loads(run(tier, program)[1])
        assert set(result["sockets"].values()) == {"Connection refused"}
        assert result["stolen"] == "connected"
        for server in (live, abstract):
            with pytest.raises(BlockingIOError):
                server.accept()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(here / "live.sock"))
    assert set(result["written"].values()) == {"inside"}
    assert result["original"] == "host"
    assert result["cwd"] == str(Path.cwd())
    assert result["pids"] == [1, 2]
    assert result["links"] == ["lo"]
    assert (here / "file").read_text() == "host"
    assert (here / "gone").read_text() == "host"
    assert not [
        directory for directory in result["written"] if (Path(directory) / "hitless-was-here").exists()
    ]
    assert _host_mounts() == []
