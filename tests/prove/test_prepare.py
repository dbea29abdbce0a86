"""What is put where before the first reload."""

from pathlib import Path

import pytest

from hitless.errors import UsageError
from hitless.prove.prepare import _changes
from hitless.prove.protocol import ProvePlan


def plan(files: tuple[str, ...], changes: tuple[str, ...], tier: str = "root") -> ProvePlan:
    return ProvePlan(tier=tier, files=files, change_files=changes)


def test_each_file_has_its_changed_one() -> None:
    assert _changes(plan(("a", "b"), ("c", "d"))) == (("c", "a"), ("d", "b"))
    assert _changes(plan(("a", "b"), ())) == ()
    assert _changes(plan(("a",), (), tier="loopback")) == ()


def test_files_and_changes_must_pair_up(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="given 1 times for 2"):
        _changes(plan(("a", "b"), ("c",)))
    with pytest.raises(UsageError):
        _changes(plan((str(tmp_path),), ("c",)))


def test_without_a_sandbox_the_real_file_is_never_overwritten() -> None:
    with pytest.raises(UsageError, match="would be overwritten"):
        _changes(plan(("a",), ("b",), tier="loopback"))
