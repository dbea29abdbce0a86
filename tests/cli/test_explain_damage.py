"""Damaged, disordered and ambiguous inputs through `hitless explain`: no traceback, and what was skipped is said."""

import gzip
import json
import lzma
import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hitless.errors import ExitCode
from tests.cli.commands import Done, hitless
from tests.explain.stories import CAPTURES, LOGS

ALONE = ("explain", "--no-journal", "--no-receipts")
BERLIN = ZoneInfo("Europe/Berlin")
LOG = (LOGS / "2.8.log").read_bytes()
CAPTURE = (CAPTURES / "idle-close.pcap").read_bytes()
FORMS = ("text", "json", "markdown", "html")


def fuzzed(seed: int) -> bytes:
    chance, data = random.Random(seed), bytearray(LOG)
    for _ in range(300):
        at = chance.randrange(len(data))
        match chance.randrange(3):
            case 0:
                data[at:at] = chance.randbytes(40)
            case 1:
                del data[at : at + chance.randrange(200)]
            case _:
                data[at] = chance.randrange(256)
    return bytes(data)


def shuffled() -> bytes:
    lines = LOG.splitlines(keepends=True)
    random.Random(1).shuffle(lines)
    return b"".join(lines)


def run(path: Path, data: bytes, *words: str) -> list[Done]:
    path.write_bytes(data)
    done = [hitless(*ALONE, "--zone", "UTC", "--format", form, *words, str(path)) for form in FORMS]
    for one in done:
        assert one.status in {ExitCode.CLEAN, ExitCode.FOUND, ExitCode.UNKNOWN}, one.stderr
        assert "Traceback" not in one.stdout + one.stderr
    return done


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (fuzzed(1), "not understood"),
        (fuzzed(2), "not understood"),
        (random.Random(1).randbytes(100_000), "not understood"),
        (gzip.compress(LOG, mtime=0)[:2000], "broken compression"),
        (gzip.compress(LOG, mtime=0)[:-4] + b"oops", "broken compression"),
        (gzip.compress(LOG, mtime=0)[:12], "broken compression"),
        (lzma.compress(LOG)[:-500], "broken compression"),
        (CAPTURE[: len(CAPTURE) // 2 + 7], "the file ends within a packet"),
        (CAPTURE[:30], "the file ends within a packet"),
        (gzip.compress(CAPTURE, mtime=0)[:-3000], "could not be read"),
        ((LOGS / "3.2.errors").read_bytes()[:300], "malformed"),
    ],
)
def test_what_is_skipped_is_said(data: bytes, said: str, tmp_path: Path) -> None:
    text, document, markdown, page = run(tmp_path / "input", data)
    assert said in " ".join(text.stdout.split())
    assert said in " ".join(markdown.stdout.split())
    assert said in " ".join(page.stdout.split())
    json.loads(document.stdout)


def test_out_of_order_the_same_is_counted(tmp_path: Path) -> None:
    kinds = []
    for data in (LOG, shuffled()):
        found = json.loads(run(tmp_path / "haproxy.log", data)[1].stdout)
        kinds.append((found["totals"]["lines"], {e["change"]["kind"] for e in found["events"]} >= {"reload"}))
    assert kinds[0] == kinds[1]
    assert any("not in order of time" in note for note in found["notes"])


def line(moment: datetime, pid: int, stamp: Callable[[datetime], str]) -> str:
    local = moment.astimezone(BERLIN)
    return (
        f"{stamp(local)} lb1 haproxy[{pid}]: 192.0.2.1:{1024 + int(moment.timestamp()) % 60000} "
        f"[{local:%d/%b/%Y:%H:%M:%S}.000] web app/s1 0/0/0/1/1 200 51 - - ---- 1/1/0/0/0 0/0 "
        '"GET / HTTP/1.1"\n'
    )


def bsd(local: datetime) -> str:
    return f"{local:%b} {local.day:2d} {local:%H:%M:%S}"


def iso(local: datetime) -> str:
    return f"{local:%Y-%m-%dT%H:%M:%S}.000000"


def reload_at(begin: datetime, minutes: float, stamp: Callable[[datetime], str]) -> str:
    """Two hours of traffic by local stamps without a zone, with a reload of 100 by 200."""
    lines = []
    for second in range(0, 7200, 5):
        moment = begin + timedelta(seconds=second)
        lines.append(line(moment, 100 if second <= minutes * 60 else 200, stamp))
        if second == minutes * 60:
            said = "Proxy web stopped (cumulated conns: FE: 1, BE: 0)."
            lines.append(f"{stamp(moment.astimezone(BERLIN))} lb1 haproxy[100]: {said}\n")
    return "".join(lines)


def explained(path: Path, text: str) -> dict[str, Any]:
    path.write_text(text)
    done = hitless(*ALONE, "--zone", "Europe/Berlin", "--format", "json", str(path))
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/New_York"])
def test_a_stamp_at_the_end_of_all_dates(zone: str, tmp_path: Path) -> None:
    last = "9999-12-31T23:59:59Z lb1 haproxy[7]: Proxy web stopped (cumulated conns: FE: 1, BE: 0).\n"
    for text in (last, line(datetime(2026, 3, 1, tzinfo=UTC), 7, iso) + last):
        path = tmp_path / "haproxy.log"
        path.write_text(text)
        for form in FORMS:
            done = hitless(*ALONE, "--zone", zone, "--format", form, str(path))
            assert ("253402300799000000000" if form == "json" else "9999-12-") in done.stdout, done.stderr


SPRING = datetime(2027, 3, 28, 0, 30, tzinfo=UTC)
NEW_YEAR = datetime(2026, 12, 31, 22, 0, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize("stamp", [bsd, iso])
@pytest.mark.parametrize("begin", [SPRING, NEW_YEAR])
@pytest.mark.parametrize("minutes", [35, 65, 95])
def test_a_reload_near_the_hour_that_is_left_out_and_near_new_year(
    begin: datetime, minutes: int, stamp: Callable[[datetime], str], tmp_path: Path
) -> None:
    found = explained(tmp_path / "haproxy.log", reload_at(begin, minutes, stamp))
    (event,) = found["events"]
    assert (event["change"]["kind"], event["judgement"]) == ("reload", "harmless")
    expected = begin + timedelta(minutes=minutes)
    assert event["change"]["at"]["t_ns"] == int(expected.timestamp()) * 10**9
    assert found["first_ns"] == int(begin.timestamp()) * 10**9
    assert [change["offset_s"] for change in found["zone_changes"]] == ([7200] if begin == SPRING else [])
    assert found["skipped"] == []
    text = hitless(*ALONE, "--zone", "Europe/Berlin", str(tmp_path / "haproxy.log")).stdout
    assert re.search(rf"{expected.astimezone(BERLIN):%H:%M:%S}\S* +reload 100", text), (
        "as the lines themselves say"
    )


@pytest.mark.parametrize("stamp", [bsd, iso])
def test_stamps_of_the_hour_that_does_not_exist(stamp: Callable[[datetime], str], tmp_path: Path) -> None:
    """A clock that nobody put forward: its stamps are times that never were, and are read as what they would be."""
    text = reload_at(SPRING, 95, stamp).replace("T03:", "T02:").replace("28 03:", "28 02:")
    found = explained(tmp_path / "haproxy.log", text.replace("/2027:03:", "/2027:02:"))
    assert found["totals"]["lines"] == 1440
    assert len(found["events"]) >= 1


@pytest.mark.parametrize("form", ["httplog", "json"])
@pytest.mark.parametrize("stamp", [bsd, iso])
@pytest.mark.parametrize("minutes", [35, 65, 95])
def test_a_reload_in_the_hour_that_comes_twice(
    minutes: int, stamp: Callable[[datetime], str], form: str, tmp_path: Path
) -> None:
    """From 01:30 to 03:30 on the wall it is two hours and another one: 02:05 is two moments."""
    text = reload_at(AUTUMN, minutes, stamp)
    found = explained(tmp_path / "haproxy.log", as_json(text) if form == "json" else text)
    (event,) = found["events"]
    assert (event["change"]["kind"], event["judgement"]) == ("reload", "harmless")
    expected = AUTUMN + timedelta(minutes=minutes)
    assert event["change"]["at"]["t_ns"] == int(expected.timestamp()) * 10**9
    assert (event["change"]["old_pids"], event["change"]["new_pids"]) == ([100], [200])
    assert found["last_ns"] - found["first_ns"] == 7196 * 10**9
    accepted = [one["first_accept"]["t_ns"] for one in found["generations"]]
    assert accepted == [int(AUTUMN.timestamp()) * 10**9, int(expected.timestamp() + 5) * 10**9]


def as_json(text: str) -> str:
    """The same lines as objects."""
    pattern = re.compile(r"(192\S+) \[(\S+)\] web app/s1 \S+ 200 .*")
    return pattern.sub(
        r'{"client":"\1","date":"\2","frontend":"web","backend":"app","status":200,"termination":"----"}',
        text,
    )
