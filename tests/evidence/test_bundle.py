from __future__ import annotations

import hashlib
import os
import stat
from typing import TYPE_CHECKING

import msgspec
import pytest

from hitless.attempts import HEADER, HEADER_SIZE, MAGIC, ROW
from hitless.errors import EvidenceError
from hitless.evidence.bundle import Bundle, BundleWriter
from hitless.evidence.bundle_meta import SCHEMA, BundleMeta
from hitless.evidence.model import CounterReading, TraceStatus
from hitless.records import Event, EventKind, StandIn, Stream, Target, Workload

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

META = BundleMeta(
    schema=SCHEMA,
    hitless="0.1.0",
    argv=("hitless", "prove", "haproxy.cfg"),
    haproxy_version="2.8.25",
    haproxy_path="/usr/sbin/haproxy",
    mode="master-worker",
    via="usr2",
    tier="root",
    started_ns=1,
    ended_ns=2,
    clock_monotonic_ns=1,
    clock_realtime_ns=3,
    clock_error_ns=0,
    trace=TraceStatus(source="tracefs", lost_events=4),
    streams=(
        Stream(
            number=1,
            workload=Workload.IDLE,
            target=Target(frontend="www", where="haproxy.cfg:1", address="::1", port=80),
        ),
    ),
    stand_ins=(StandIn(kind="user", name="haproxy"),),
    sysctls={"net.ipv4.tcp_migrate_req": "0"},
)
EVENTS = [
    Event(t_ns=20, kind=EventKind.NOTE, text="\u2028 </script> \0 \ud7ff"),
    Event(t_ns=10, kind=EventKind.KERNEL_LISTEN, local="[::]:80", socket=1 << 47),
]
COUNTERS = [CounterReading(t_ns=1, label="before", values={"Tcp.OutRsts": -1})]


class Verdict(msgspec.Struct):
    passed: bool


def write(directory: Path) -> Path:
    with BundleWriter(directory) as writer:
        writer.add_configuration("/etc/haproxy/haproxy.cfg", b"global\n\xff")
        writer.add_configuration("/etc/other/haproxy.cfg", b"")
        row = ROW.pack(1, 0, 0, 200, 40000, 0, 0, 7, 1, 1, 2, 3, 4, 5, 6, 0, 9)
        table = HEADER.pack(MAGIC, ROW.size, 0, 1, 0, 0).ljust(HEADER_SIZE, b"\0") + row
        writer.attempts_path(0).write_bytes(table)
        writer.attempts_path(1).write_bytes(table)
        writer.write_events(EVENTS)
        writer.write_counters(COUNTERS)
        writer.write_facts({"reloads": 5})
        writer.write_verdict(Verdict(passed=False))
        return writer.commit(META)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write(tmp_path / "prove-1")


def test_what_was_written_is_read_back(bundle: Path) -> None:
    found = Bundle.open(bundle)
    assert found.configuration() == {
        "/etc/haproxy/haproxy.cfg": b"global\n\xff",
        "/etc/other/haproxy.cfg": b"",
    }
    assert found.meta == msgspec.structs.replace(META, files=found.meta.files, attempts_files=2)
    assert list(found.events()) == [EVENTS[1], EVENTS[0]]
    assert found.counters() == COUNTERS
    assert found.facts(dict[str, int]) == {"reloads": 5}
    assert found.verdict(Verdict) == Verdict(passed=False)
    assert found.attempts()["status"].tolist() == [200, 200]


def test_nobody_else_may_read_it(bundle: Path) -> None:
    assert stat.S_IMODE(bundle.stat().st_mode) == 0o700
    assert stat.S_IMODE((bundle / "config").stat().st_mode) == 0o700
    for path in bundle.rglob("*.json*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_an_abandoned_bundle_leaves_nothing(tmp_path: Path) -> None:
    with BundleWriter(tmp_path / "prove-1") as writer:
        writer.write_events(EVENTS)
        assert (tmp_path / "prove-1.partial").is_dir()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("taken", ["prove-1", "prove-1.partial"])
def test_what_is_there_is_not_overwritten(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).symlink_to("/nonexistent")
    with pytest.raises(EvidenceError, match=r"is there already|is in the way"):
        BundleWriter(tmp_path / "prove-1")
    assert (tmp_path / taken).is_symlink()


def test_a_link_in_the_way_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("kept")
    with BundleWriter(tmp_path / "prove-1") as writer:
        (writer.directory / "events.jsonl").symlink_to(victim)
        with pytest.raises(EvidenceError, match="cannot be written"):
            writer.write_events(EVENTS)
    assert victim.read_text() == "kept"


def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="cannot be written"):
        BundleWriter(tmp_path / "missing" / "prove-1")


def test_what_is_no_bundle_says_so(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="no such directory"):
        Bundle.open(tmp_path / "missing")
    with pytest.raises(EvidenceError, match=r"is no bundle: meta\.json"):
        Bundle.open(tmp_path)


def test_a_bundle_of_another_schema_is_refused(bundle: Path) -> None:
    (bundle / "meta.json").write_text('{"schema": 999}')
    with pytest.raises(EvidenceError, match="schema 999") as caught:
        Bundle.open(bundle)
    assert "version of hitless" in caught.value.hint


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": "1"}', '{"schema": 1}', "\xff"])
def test_a_damaged_meta_is_refused(bundle: Path, text: str) -> None:
    (bundle / "meta.json").write_text(text, encoding="latin-1")
    with pytest.raises(EvidenceError, match=r"meta\.json"):
        Bundle.open(bundle)


def test_a_changed_configuration_is_noticed(bundle: Path) -> None:
    (bundle / "config" / "0.cfg").write_bytes(b"global")
    with pytest.raises(EvidenceError, match="was changed since"):
        Bundle.open(bundle).configuration()


def test_a_configuration_outside_of_the_bundle_is_refused(bundle: Path) -> None:
    raw = (bundle / "meta.json").read_text().replace('"0.cfg"', '"../../0.cfg"')
    (bundle / "meta.json").write_text(raw)
    with pytest.raises(EvidenceError, match="outside of the bundle"):
        Bundle.open(bundle).configuration()


@pytest.mark.parametrize("line", ["{", '{"t_ns":1}', '{"t_ns":1,"kind":"moon.rise"}', "x" * 300_000])
def test_a_damaged_event_is_named(bundle: Path, line: str) -> None:
    with (bundle / "events.jsonl").open("a") as file:
        file.write(line)
    with pytest.raises(EvidenceError, match="line 3"):
        list(Bundle.open(bundle).events())


@pytest.mark.parametrize("name", ["events.jsonl", "counters.json", "verdict.json", "facts.json"])
def test_a_missing_or_foreign_file_is_refused(bundle: Path, name: str) -> None:
    readers: dict[str, Callable[[Bundle], object]] = {
        "events.jsonl": lambda found: list(found.events()),
        "counters.json": lambda found: found.counters(),
        "verdict.json": lambda found: found.verdict(Verdict),
        "facts.json": lambda found: found.facts(dict[str, int]),
    }
    (bundle / name).unlink()
    with pytest.raises(EvidenceError, match=name):
        readers[name](Bundle.open(bundle))
    os.mkfifo(bundle / name)
    with pytest.raises(EvidenceError, match="not a plain file"):
        readers[name](Bundle.open(bundle))
    (bundle / name).unlink()
    (bundle / name).symlink_to("/etc/passwd")
    with pytest.raises(EvidenceError, match="not a plain file"):
        readers[name](Bundle.open(bundle))


def test_a_file_beyond_all_bounds_is_not_read(bundle: Path) -> None:
    os.truncate(bundle / "verdict.json", 1 << 40)
    with pytest.raises(EvidenceError, match="more than"):
        Bundle.open(bundle).verdict(Verdict)


def test_damaged_attempts_are_refused(bundle: Path) -> None:
    (bundle / "attempts-1.bin").write_bytes(b"x" * 5000)
    with pytest.raises(EvidenceError, match=r"attempts-1\.bin"):
        Bundle.open(bundle).attempts()
    (bundle / "attempts-1.bin").unlink()
    with pytest.raises(EvidenceError, match=r"attempts-1\.bin"):
        Bundle.open(bundle).attempts()


def test_the_digest_is_that_of_the_bytes(bundle: Path) -> None:
    (first, _second) = Bundle.open(bundle).meta.files
    assert first.sha256 == hashlib.sha256(b"global\n\xff").hexdigest()
    assert first.name == "/etc/haproxy/haproxy.cfg"
