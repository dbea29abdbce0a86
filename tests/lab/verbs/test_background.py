"""Waiting for what was started: a file that comes or not, an end that comes or not."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from hitless.errors import SandboxError
from hitless.lab.verbs.background import VERBS

if TYPE_CHECKING:
    from hitless.lab.conditions import Value
    from hitless.lab.stage import Stage


def stage(seen: "dict[str, Value]", **processes: subprocess.Popen[bytes]) -> "Stage":
    def until(condition: Callable[[], object], *, timeout_s: float) -> bool:
        deadline = time.monotonic() + timeout_s
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.01)
        return bool(condition())

    return cast("Stage", SimpleNamespace(until=until, processes=processes, observe=seen.__setitem__))


def test_a_file_that_does_not_come_ends_the_run(tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    VERBS["await-file"](stage({}), str(tmp_path / "there"), "1s")
    with pytest.raises(SandboxError, match="not there"):
        VERBS["await-file"](stage({}), str(tmp_path / "missing"), "50ms")


@pytest.mark.parametrize(("seconds", "ended"), [("0", True), ("30", False)])
def test_whether_it_ended_is_observed(seconds: str, *, ended: bool) -> None:
    seen: dict[str, Value] = {}
    with subprocess.Popen(["sleep", seconds]) as process:
        VERBS["await-end"](stage(seen, one=process), "one", "60s" if ended else "50ms")
        process.kill()
    assert seen == {"one.ended": ended}


def test_what_was_not_started_cannot_end() -> None:
    with pytest.raises(SandboxError, match="nothing was started"):
        VERBS["await-end"](stage({}), "one")
