"""The traffic guard: a new configuration that is accepted, takes over, and answers 503 for everything."""

from pathlib import Path

import pytest

from tests.system.live_haproxy import versions
from tests.system.reload_bed import ANSWERS, Result, outcomes, service

pytestmark = pytest.mark.system


@pytest.mark.parametrize("version", versions("2.6", "2.8"))
def test_a_configuration_that_answers_503_is_taken_back(tmp_path: Path, version: str) -> None:
    with service(tmp_path, version) as running:
        good = running.live.configuration.read_text()
        new = tmp_path / "new.cfg"
        new.write_text(
            ANSWERS.format(directory=running.live.directory, port=running.live.port).replace(
                "return status 200", "return status 503"
            )
        )
        results: list[Result] = []
        outcomes(
            tmp_path / "rows",
            running.live.port,
            lambda: results.append(running.reload("--config", str(new), "--guard", "10s")),
            rate_per_s=50.0,
        )
        (result,) = results
        assert (result.status, result.outcome) == (1, "rolled-back"), result
        assert result.document["guard"]["tripped"]
        assert result.document["guard"]["window_s"] < 10
        assert result.document["rollback"]["outcome"] == "taken-over"
        assert running.live.configuration.read_text() == good
        assert running.serving() == result.document["rollback"]["new_pid"]


@pytest.mark.parametrize("version", versions("2.8"))
def test_a_good_one_stays(tmp_path: Path, version: str) -> None:
    with service(tmp_path, version) as running:
        new = tmp_path / "new.cfg"
        new.write_text(running.live.configuration.read_text() + "# another\n")
        results: list[Result] = []
        outcomes(
            tmp_path / "rows",
            running.live.port,
            lambda: results.append(running.reload("--config", str(new), "--guard", "2s")),
            rate_per_s=50.0,
        )
        (result,) = results
        assert (result.status, result.outcome) == (0, "taken-over"), result
        assert not result.document["guard"].get("tripped", False)
        assert result.document["guard"]["requests"] > 20
