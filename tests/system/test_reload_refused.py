"""What HAProxy could not bind is refused while nobody is touched; a bare reload refuses every client."""

from pathlib import Path

import pytest

from hitless.records import Outcome
from tests.ports import free_port
from tests.system.live_haproxy import await_true, send_usr2, versions
from tests.system.patience import DEADLINE_S
from tests.system.reload_bed import ANSWERS, Result, foreign_listener, hurt, outcomes, service

pytestmark = pytest.mark.system


@pytest.mark.parametrize("version", versions("2.6", "2.8"))
def test_a_port_that_another_process_holds(tmp_path: Path, version: str) -> None:
    taken = free_port()
    with service(tmp_path, version) as running, foreign_listener(taken) as other:
        new = tmp_path / "new.cfg"
        new.write_text(running.live.configuration.read_text() + f"    bind 127.0.0.1:{taken}\n")
        before = running.serving()
        results: list[Result] = []
        found = outcomes(
            tmp_path / "rows",
            running.live.port,
            lambda: results.append(running.reload("--config", str(new))),
        )
        (result,) = results
        assert (result.status, result.outcome) == (1, "rejected-by-preflight")
        message = result.check("binds")["message"]
        assert f"127.0.0.1:{taken}" in message
        assert str(other.pid) in message
        assert "python" in message
        assert hurt(found) == {}
        assert running.serving() == before
        assert running.live.configuration.read_text() != new.read_text()
        assert running.leftovers == []

        def bare_reload() -> None:
            running.live.configuration.write_text(new.read_text())
            send_usr2(running.live.process.pid)
            log = running.live.directory / "log"
            await_true(
                lambda: f"127.0.0.1:{taken}" in log.read_text(), "HAProxy has tried long enough", DEADLINE_S
            )

        refused = outcomes(tmp_path / "bare", running.live.port, bare_reload)
        assert refused[Outcome.REFUSED] > 0, refused


@pytest.mark.parametrize("version", versions("2.6", "2.8"))
def test_an_address_that_is_not_here(tmp_path: Path, version: str) -> None:
    with service(tmp_path, version) as running:
        new = tmp_path / "new.cfg"
        new.write_text(running.live.configuration.read_text() + "    bind 192.0.2.77:8443\n")
        results: list[Result] = []
        found = outcomes(
            tmp_path / "rows",
            running.live.port,
            lambda: results.append(running.reload("--config", str(new))),
        )
        assert (results[0].status, results[0].outcome) == (1, "rejected-by-preflight")
        assert "192.0.2.77:8443" in results[0].check("binds")["message"]
        assert hurt(found) == {}


@pytest.mark.parametrize("version", versions("2.6", "2.8"))
def test_what_haproxy_does_not_accept(tmp_path: Path, version: str) -> None:
    with service(tmp_path, version) as running:
        new = tmp_path / "new.cfg"
        new.write_text(
            ANSWERS.format(directory=running.live.directory, port=running.live.port) + "    bogus\n"
        )
        before = running.serving()
        result = running.reload("--config", str(new))
        assert (result.status, result.outcome) == (1, "rejected-by-preflight")
        check = result.check("configuration")
        assert "bogus" in check["message"] + str(check.get("evidence"))
        assert running.serving() == before
        assert running.leftovers == []
