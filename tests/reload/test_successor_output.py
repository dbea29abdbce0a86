import os
from pathlib import Path

import pytest

from hitless.host.errors import Denied
from hitless.host.process_handle import ProcessHandle
from hitless.reload import successor_output
from hitless.reload.successor_output import SuccessorOutput
from tests.control.test_socket_transfer import open_descriptors
from tests.reload.fake_haproxy import predecessor

SAID = b"[NOTICE]   (12) : ours\n[ALERT]    (13) : somebody else's\nan error of the loader\n"


def test_the_background_speaks_to_a_file_that_is_read_back(tmp_path: Path) -> None:
    before = open_descriptors()
    with predecessor(tmp_path) as old, ProcessHandle(old.pid) as process:
        with SuccessorOutput(process, daemon=True) as output:
            assert output.output == output.errors == output.errors_of_ours
            os.write(output.errors, SAID)
            said = [message.text for message in output.read({12})]
            assert said == ["ours", "somebody else's", "an error of the loader"]
        assert output.notes == []
    assert open_descriptors() == before


def test_the_foreground_speaks_where_the_old_one_does(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("[ALERT]    (12) : of another time\n")
    with predecessor(tmp_path, errors=log) as old, ProcessHandle(old.pid) as process:
        with SuccessorOutput(process, daemon=False) as output:
            os.write(output.errors, SAID)
            old.process.kill()
            old.process.wait()
            assert [message.text for message in output.read({12})] == ["ours", "an error of the loader"]
            os.write(output.errors_of_ours, b"the stand-in failed\n")
            assert "the stand-in failed" in [message.text for message in output.read(())]
        assert log.read_bytes().endswith(SAID)


def test_from_a_pipe_nothing_can_be_read_back(tmp_path: Path) -> None:
    with (
        predecessor(tmp_path, "os.dup2(1, 2)") as old,
        ProcessHandle(old.pid) as process,
        SuccessorOutput(process, daemon=False) as output,
    ):
        os.write(output.errors, b"[ALERT]    (12) : lost to us\n")
        assert output.read({12}) == ()
        assert old.hear() == "[ALERT]    (12) : lost to us"


def test_what_the_old_one_has_closed_is_thrown_away(tmp_path: Path) -> None:
    with (
        predecessor(tmp_path, "os.close(2)") as old,
        ProcessHandle(old.pid) as process,
        SuccessorOutput(process, daemon=False) as output,
    ):
        assert os.path.samestat(os.fstat(output.errors), Path(os.devnull).stat())
        assert output.notes == []


def test_what_we_may_not_take_is_thrown_away_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object) -> int:
        raise Denied("open files of process 1 cannot be taken: not permitted")

    monkeypatch.setattr(successor_output, "duplicate_descriptor", denied)
    with (
        predecessor(tmp_path) as old,
        ProcessHandle(old.pid) as process,
        SuccessorOutput(process, daemon=False) as output,
    ):
        assert os.path.samestat(os.fstat(output.output), Path(os.devnull).stat())
        assert output.notes[0].startswith("its output is thrown away: open files of process 1")
