import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from hitless.facts import ConfigurationFile
from hitless.host.root import HostRoot
from hitless.reload.preflight.checked_files import (
    directory_reader,
    named_files,
    read_digests,
    stand_in,
    with_candidates,
)
from hitless.reload.target import Target
from hitless.subject import Subject
from tests.reload.preflight.targets import target

DIRECTORIES = {"/etc/haproxy/conf.d": ["b.cfg", "a.cfg", ".hidden.cfg", "notes.txt", "x.cfg.cfg"]}


def names_in(path: str) -> Sequence[str] | None:
    return DIRECTORIES.get(path)


@pytest.mark.parametrize(
    ("named", "candidates", "files", "unplaced"),
    [
        (["/h.cfg"], {}, ["/h.cfg"], []),
        (["/h.cfg", "/etc/haproxy/conf.d"], {}, ["/h.cfg", "/etc/haproxy/conf.d"], []),
        (["/h.cfg"], {"/h.cfg": "/.new"}, ["/.new"], []),
        (["haproxy/h.cfg"], {"/etc/haproxy/h.cfg": "/.new"}, ["/.new"], []),
        (["conf.d", "/h.cfg"], {"/h.cfg": "/.new"}, ["conf.d", "/.new"], []),
        (
            ["/etc/haproxy/conf.d/"],
            {"/etc/haproxy/conf.d/b.cfg": "/.new"},
            ["/etc/haproxy/conf.d/a.cfg", "/.new"],
            [],
        ),
        (
            ["/etc/haproxy/conf.d"],
            {"/etc/haproxy/conf.d/aa.cfg": "/.new"},
            ["/etc/haproxy/conf.d/a.cfg", "/.new", "/etc/haproxy/conf.d/b.cfg"],
            [],
        ),
        (["/h.cfg"], {"/other.cfg": "/.new"}, ["/h.cfg"], ["/other.cfg"]),
        (
            ["/etc/haproxy/conf.d"],
            {"/etc/haproxy/conf.d/notes.txt": "/.new"},
            ["/etc/haproxy/conf.d"],
            ["/etc/haproxy/conf.d/notes.txt"],
        ),
    ],
)
def test_the_staged_version_stands_in_the_place_of_the_original(
    named: list[str], candidates: dict[str, str], files: list[str], unplaced: list[str]
) -> None:
    found = with_candidates(named, candidates, directory="/etc", names_in=names_in)
    assert found == (files, unplaced)


def test_messages_name_the_original() -> None:
    said = "parsing [/etc/.h.cfg.hitless-1:3] : unknown keyword"
    assert (
        stand_in(said, {"/etc/h.cfg": "/etc/.h.cfg.hitless-1"}) == "parsing [/etc/h.cfg:3] : unknown keyword"
    )


def with_files(root: Path, *names: str) -> Target:
    files = tuple(
        ConfigurationFile(path=str(root / name), text="", sha256=hashlib.sha256(b"old").hexdigest())
        for name in names
    )
    seen = target(configuration=files)
    instance = msgspec.structs.replace(seen.instance, configuration=files)
    return Target(instance, Subject(seen.subject.snapshot, instance), seen.place)


def test_digests_are_of_what_is_there_now(tmp_path: Path) -> None:
    for name in ("a.cfg", "b.cfg"):
        (tmp_path / name).write_bytes(b"old")
    (tmp_path / "staged").write_bytes(b"new")
    seen = with_files(tmp_path, "a.cfg", "b.cfg", "gone.cfg")
    found = read_digests(seen, {str(tmp_path / "b.cfg"): str(tmp_path / "staged")})
    assert found == {
        str(tmp_path / "a.cfg"): hashlib.sha256(b"old").hexdigest(),
        str(tmp_path / "b.cfg"): hashlib.sha256(b"new").hexdigest(),
        str(tmp_path / "gone.cfg"): "",
    }


def test_directories_and_files_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "a.cfg").write_text("")
    names = directory_reader(HostRoot())
    assert names(str(tmp_path)) == ["a.cfg"]
    assert names(str(tmp_path / "a.cfg")) is None
    assert names(str(tmp_path / "gone")) is None


def test_the_files_are_those_of_the_command_line() -> None:
    seen = target(arguments=("haproxy", "-W", "-f", "a", "-f", "/b", "--", "c"))
    assert named_files(seen) == ("a", "/b", "c")
