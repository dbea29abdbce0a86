import gzip
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from hitless.errors import EvidenceError
from hitless.explain.scan.worker import Part, scan
from hitless.explain.window import ALWAYS
from tests.explain.made import OPTIONS, START_S, lines


def part(path: Path, *, end: int | None) -> Part:
    return Part(str(path), "a.log", 4, 0, end, 0, (START_S + 86_400) * 10**9, path.stat().st_size)


def test_a_part_and_its_options_can_be_sent(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"".join(lines(100)))
    sent = pickle.loads(pickle.dumps((part(path, end=path.stat().st_size), OPTIONS, ALWAYS)))
    tally = pickle.loads(pickle.dumps(scan(*sent)))
    assert (tally.lines, tally.source) == (100, 4)
    assert tally.ended.table[:, -1].sum() == 100


def test_a_compressed_one(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"".join(lines(100))))
    seen: list[int] = []
    assert scan(part(path, end=None), OPTIONS, ALWAYS, seen.append).lines == 100
    assert sum(seen) == len(b"".join(lines(100)))


def test_one_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError):
        scan(Part(str(tmp_path / "x"), "x", 0, 0, 1, 0, 0, 1), OPTIONS, ALWAYS)


def test_a_process_ends_with_the_one_that_started_it() -> None:
    code = (
        "import os, signal, sys; from hitless.explain.scan.worker import prepare_worker;"
        "prepare_worker(int(sys.argv[1])); print(signal.getsignal(signal.SIGINT) == signal.SIG_IGN)"
    )
    run = [sys.executable, "-c", code]
    good = subprocess.run([*run, str(os.getpid())], capture_output=True, text=True, check=False)
    assert (good.returncode, good.stdout) == (0, "True\n")
    orphan = subprocess.run([*run, "1"], capture_output=True, text=True, check=False)
    assert (orphan.returncode, orphan.stdout) == (1, "")
