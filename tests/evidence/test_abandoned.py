import os
from pathlib import Path

import pytest

from hitless.errors import EvidenceError
from hitless.evidence.abandoned import hold, remove_abandoned, sweep_abandoned


def unfinished(path: Path, *others: str) -> Path:
    path.mkdir(mode=0o700)
    (path / "config").mkdir()
    for name in ("attempts-0.bin", "events-run.jsonl", *others):
        (path / name).write_bytes(b"x")
    return path


def test_what_was_abandoned_goes(tmp_path: Path) -> None:
    partial = unfinished(tmp_path / "mine.partial")
    remove_abandoned(partial)
    assert not partial.exists()
    remove_abandoned(partial)


def test_what_a_run_holds_stays(tmp_path: Path) -> None:
    partial = unfinished(tmp_path / "prove-20261122-200348.partial")
    held = hold(partial)
    with pytest.raises(EvidenceError, match="another run"):
        remove_abandoned(partial)
    sweep_abandoned(tmp_path)
    assert (partial / "attempts-0.bin").exists()
    os.close(held)
    sweep_abandoned(tmp_path)
    assert not partial.exists()


def test_what_holds_anything_else_stays(tmp_path: Path) -> None:
    partial = unfinished(tmp_path / "prove-20261122-200348.partial", "thesis.tex")
    with pytest.raises(EvidenceError, match="is in the way"):
        remove_abandoned(partial)
    sweep_abandoned(tmp_path)
    assert (partial / "thesis.tex").exists()


def test_what_others_may_read_was_not_made_by_us(tmp_path: Path) -> None:
    partial = unfinished(tmp_path / "mine.partial")
    partial.chmod(0o755)
    with pytest.raises(EvidenceError, match="no unfinished bundle"):
        remove_abandoned(partial)


def test_a_directory_that_is_just_being_made_stays(tmp_path: Path) -> None:
    partial = tmp_path / "prove-20261122-200348.partial"
    partial.mkdir(mode=0o700)
    sweep_abandoned(tmp_path)
    assert partial.exists()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    partial = unfinished(tmp_path / "elsewhere")
    link = tmp_path / "prove-20261122-200348.partial"
    link.symlink_to(partial)
    sweep_abandoned(tmp_path)
    with pytest.raises(EvidenceError, match="is in the way"):
        remove_abandoned(link)
    assert (partial / "config").exists()


def test_names_that_the_user_chose_are_not_swept(tmp_path: Path) -> None:
    partial = unfinished(tmp_path / "release-7.partial")
    sweep_abandoned(tmp_path)
    assert partial.exists()


def test_a_directory_that_cannot_be_listed_is_no_error(tmp_path: Path) -> None:
    sweep_abandoned(tmp_path / "none")
