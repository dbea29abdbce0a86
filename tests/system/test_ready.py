"""`hitless ready` against real HAProxies: proven, not believed."""

import os
import signal
import threading
from pathlib import Path

import pytest

from tests.system.live_haproxy import await_true, children, send_usr2, versions
from tests.system.reload_bed import Result, hitless, service

pytestmark = pytest.mark.system


@pytest.mark.parametrize("version", versions())
@pytest.mark.parametrize("mode", ["master-worker", "classic"])
def test_what_serves_is_ready(tmp_path: Path, version: str, mode: str) -> None:
    with service(tmp_path, version, mode) as running:
        found = hitless("ready", "--uses", str(running.live.configuration), "--timeout", "60")
        assert found.status == 0, found
        assert found.document["ready"]
        assert found.document["pid"] == running.serving()


@pytest.mark.parametrize("version", versions("2.8"))
def test_the_generation_from_before_is_not_what_is_waited_for(tmp_path: Path, version: str) -> None:
    with service(tmp_path, version) as running:
        old = running.serving()
        words = ("ready", "--uses", str(running.live.configuration), "--not", str(old))
        assert hitless(*words, "--timeout", "0").status == 1
        results: list[Result] = []
        thread = threading.Thread(target=lambda: results.append(hitless(*words, "--timeout", "60")))
        thread.start()
        send_usr2(running.live.process.pid)
        thread.join()
        assert results[0].status == 0, results
        new = results[0].document["pid"]
        assert new != old
        await_true(lambda: running.serving() == new, "the old one takes no question any more")


@pytest.mark.parametrize("version", versions("2.8"))
def test_loaded_means_what_is_on_disk(tmp_path: Path, version: str) -> None:
    with service(tmp_path, version) as running:
        words = ("ready", "--uses", str(running.live.configuration), "--loaded")
        running.live.write(running.live.configuration.read_text().replace("{", "{{") + "# changed\n")
        found = hitless(*words, "--timeout", "0")
        assert found.status == 1
        assert "changed after" in found.document["missing"][0]
        running.live.reload()
        assert hitless(*words, "--timeout", "60").status == 0


@pytest.mark.parametrize("version", versions("2.8"))
def test_a_process_that_does_not_answer_is_not_ready(tmp_path: Path, version: str) -> None:
    with service(tmp_path, version) as running:
        (worker,) = children(running.live.process.pid)
        os.kill(worker, signal.SIGSTOP)
        try:
            found = hitless("ready", "--uses", str(running.live.configuration), "--timeout", "0.5")
        finally:
            os.kill(worker, signal.SIGCONT)
        assert found.status == 1
        assert not found.document.get("ready", False)


def test_nothing_that_runs_is_not_ready(tmp_path: Path) -> None:
    assert hitless("ready", "--uses", str(tmp_path / "none.cfg"), "--timeout", "0").status in {1, 2}
