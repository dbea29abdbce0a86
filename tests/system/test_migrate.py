"""`hitless migrate` against real HAProxies: there and back under load, and when nothing comes of it."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hitless.host.processes import read_children
from tests.system.classic_bed import ClassicBed, classic_bed, has_ended, kill
from tests.system.live_haproxy import await_true, program, versions
from tests.system.patience import DEADLINE_S
from tests.system.reload_bed import Result, hitless, hurt, outcomes

pytestmark = pytest.mark.system


@contextmanager
def unprepared(directory: Path, version: str, *words: str) -> Iterator[ClassicBed]:
    """A classic HAProxy without any stats socket."""
    with classic_bed(directory, version) as bed:
        bed.write()
        bed.start(*words)
        yield bed


def migrate(bed: ClassicBed, *words: str) -> Result:
    found = hitless("migrate", *words, "--state-dir", str(bed.directory / "state"), "--timeout", "50")
    pid = found.document.get("after", {}).get("pid")
    if pid:
        bed.stack.callback(kill, pid)
        bed.serving = pid
    return found


@pytest.mark.parametrize("version", versions("2.6", "2.8"))
@pytest.mark.parametrize("words", [(), ("-D",)], ids=["foreground", "background"])
def test_there_and_back_under_load(tmp_path: Path, version: str, words: tuple[str, ...]) -> None:
    with unprepared(tmp_path, version, *words) as bed:
        first = bed.serving
        before = bed.listening_inodes()

        def there_and_back() -> None:
            cli = str(tmp_path / "run" / "m.sock")
            there = migrate(bed, "--uses", str(bed.configuration), "--master-cli", cli)
            assert there.document["outcome"] == "migrated", there.document
            assert there.status == 0
            await_true(lambda: has_ended(first), "the classic process leaves", DEADLINE_S)
            (worker,) = read_children(bed.serving)
            assert bed.listening_inodes(worker) == before
            reloaded = hitless("reload", "--pid", str(bed.serving), "--state-dir", str(tmp_path / "state"))
            assert reloaded.outcome == "taken-over", reloaded.document
            master = bed.serving
            back = migrate(bed, *there.document["way_back"].split()[2:])
            assert back.document["outcome"] == "migrated", back.document
            await_true(lambda: has_ended(master), "the master leaves", DEADLINE_S)
            assert bed.listening_inodes() == before

        found = outcomes(tmp_path, bed.port, there_and_back)
        assert hurt(found) == {}


@pytest.mark.parametrize("version", versions("2.6"))
def test_to_another_program_and_a_prepared_configuration(tmp_path: Path, version: str) -> None:
    with unprepared(tmp_path, version) as bed:
        before = bed.listening_inodes()
        prepared = tmp_path / "prepared.cfg"
        text = bed.configuration.read_text()
        socket = tmp_path / "run" / "admin.sock"
        prepared.write_text(
            text.replace("global\n", f"global\n    stats socket {socket} expose-fd listeners\n")
        )
        newer = program("2.8")

        def change() -> None:
            words = ("--to-config", str(prepared), "--to-program", newer)
            done = migrate(bed, "--uses", str(bed.configuration), *words)
            assert done.document["outcome"] == "migrated", done.document
            assert done.document["after"]["version"].startswith("2.8")

        assert hurt(outcomes(tmp_path, bed.port, change)) == {}
        assert Path(f"/proc/{bed.serving}/exe").resolve() == Path(newer).resolve()
        assert before < bed.listening_inodes()
        assert socket.exists()


@pytest.mark.parametrize("version", versions("2.6", "2.8"))
def test_one_that_never_serves_is_withdrawn(tmp_path: Path, version: str) -> None:
    with unprepared(tmp_path, version) as bed:
        dies = tmp_path / "dies"
        # It passes every check, and ends as soon as it is really started.
        dies.write_text(f'#!/bin/sh\ncase " $* " in *" -sf "*) exit 3;; esac\nexec {program(version)} "$@"\n')
        dies.chmod(0o755)

        def fail() -> None:
            words = ("--to-program", str(dies), "--to", "master-worker", "--master-cli", "")
            done = migrate(bed, "--uses", str(bed.configuration), *words)
            assert (done.status, done.document["outcome"]) == (1, "not-started"), done.document
            assert "status 3" in done.document["reason"]

        assert hurt(outcomes(tmp_path, bed.port, fail)) == {}
        assert bed.find_serving() == bed.serving


@pytest.mark.parametrize("version", versions("2.6"))
def test_what_cannot_be_loaded_is_not_started(tmp_path: Path, version: str) -> None:
    with unprepared(tmp_path, version) as bed:
        broken = tmp_path / "broken.cfg"
        broken.write_text(bed.configuration.read_text() + "    no-such-keyword\n")
        words = ("--uses", str(bed.configuration), "--to-config", str(broken))
        done = migrate(bed, *words)
        assert (done.status, done.document["outcome"]) == (1, "rejected-by-preflight")
        assert "no-such-keyword" in done.document["reason"]
        planned = migrate(bed, *words, "--dry-run")
        assert (planned.status, planned.document["outcome"]) == (1, "planned")
        assert planned.document["steps"]


@pytest.mark.parametrize("version", versions("2.6"))
def test_a_dry_run_touches_nothing(tmp_path: Path, version: str) -> None:
    with unprepared(tmp_path, version) as bed:
        done = migrate(bed, "--uses", str(bed.configuration), "--master-cli", "", "--dry-run")
        assert (done.status, done.document["outcome"]) == (0, "planned"), done.document
        assert done.document["way_back"] == "hitless migrate --pid PID --to classic"
        assert not (tmp_path / "state").exists()
        os.kill(bed.serving, signal.SIGCONT)
        assert bed.find_serving() == bed.serving
