import os
import stat
import threading
from pathlib import Path

import pytest

from hitless.cli.private_file import write_private
from hitless.errors import HitlessError


def test_a_link_is_replaced_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    link = tmp_path / "s.json"
    link.symlink_to(victim)
    write_private("x", str(link))
    assert victim.read_text() == "mine"
    assert not link.is_symlink()
    assert link.read_text() == "x"
    assert stat.S_IMODE(link.stat().st_mode) == 0o600


def test_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    for target in (tmp_path, tmp_path / "none" / "s.json", Path("/dev/full/x")):
        with pytest.raises(HitlessError, match="cannot be written"):
            write_private("x", str(target))
    with pytest.raises(HitlessError, match="surrogates"):
        write_private("\udc80", str(tmp_path / "s.json"))
    assert list(tmp_path.iterdir()) == []


def test_a_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write_private("x", str(pipe))
    reader.join()
    assert read == ["x"]
    assert pipe.is_fifo()
