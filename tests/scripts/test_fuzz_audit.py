"""A short run of the fuzzer, as a test; longer ones by hand."""

import random
from pathlib import Path

import fuzz_audit
import pytest


def test_nothing_breaks_in_a_few_seconds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz_audit.main(["--seconds", "8", "--seed", "7", "--out", str(tmp_path)]) == 0, (
        capsys.readouterr().out
    )
    assert not list(tmp_path.iterdir())
    assert " 0 failures" in capsys.readouterr().out


def test_a_seed_says_which_mutations() -> None:
    pool = [b"global\n  daemon\n"]
    one, other = (fuzz_audit.mutate(random.Random(3), b"frontend f\n  bind :80\n", pool) for _ in range(2))
    assert one == other
    assert one != b"frontend f\n  bind :80\n"
