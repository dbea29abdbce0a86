import gzip
import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from multiprocessing import resource_tracker
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hitless.errors import EvidenceError
from hitless.explain.entries import ReadOptions
from hitless.explain.formats.compile import compile_format
from hitless.explain.scan import run
from hitless.explain.scan.census import Census
from hitless.explain.scan.run import scan_logs
from hitless.explain.sources import files
from hitless.explain.sources.log_set import open_logs
from hitless.explain.window import ALWAYS, Window, read_entries
from hitless.logged import OwnMessage, ServiceMessage, SkipReason, Traffic
from tests.explain.activity_table import ActivityTable
from tests.explain.made import OPTIONS, SECOND, START, START_S, bsd, iso, lines, message


@pytest.fixture(autouse=True, scope="module")
def end_of_the_pools() -> Iterator[None]:
    """A pool of processes leaves Python's resource tracker behind: a child that other tests would find."""
    yield
    resource_tracker._resource_tracker._stop()  # type: ignore[attr-defined]


STOPPED = "Proxy web stopped (cumulated conns: FE: 1, BE: 0)."
CUSTOM = '{"t":"%tr","fe":"%ft","st":%ST,"ts":"%tsc","pid":%pid,"ua":"%[req.hdr(user-agent)]"}'
WORDS = "%ci %ft st=%ST [%tr] %tsc %ID"
COUNTER_KEY = tuple[int, int, str, int, str]


def counted(census: Census) -> Counter[COUNTER_KEY]:
    """What a census counted: second, pid, frontend, status, termination."""
    found: Counter[COUNTER_KEY] = Counter()
    for second, process, frontend, status, termination, count in census.ended.tolist():
        key = (
            second,
            census.processes[process].pid,
            census.frontends[frontend],
            status,
            census.terminations[termination],
        )
        found[key] += count
    return found


def begun(census: Census) -> Counter[tuple[int, int, str]]:
    found: Counter[tuple[int, int, str]] = Counter()
    for second, process, frontend, count in census.accepted.tolist():
        found[second, census.processes[process].pid, census.frontends[frontend]] += count
    return found


def check(path: Path, options: ReadOptions = OPTIONS, window: Window = ALWAYS, *, workers: int = 1) -> Census:
    """A scan counts what reading line by line finds."""
    with open_logs([str(path)], options) as logs:
        census = scan_logs(logs, window, workers=workers)
        entries = list(read_entries(logs, window))
    traffic = [e for e in entries if isinstance(e, Traffic)]
    assert counted(census) == Counter(
        (e.at.t_ns // SECOND, e.pid, e.frontend, e.status, e.termination) for e in traffic
    )
    assert begun(census) == Counter(
        (e.accepted.t_ns // SECOND, e.pid, e.frontend) for e in traffic if e.accepted is not None
    )
    messages = sorted(census.messages, key=lambda m: m.place.offset)
    assert messages == sorted((e for e in entries if isinstance(e, OwnMessage)), key=lambda m: m.place.offset)
    assert len(census.services) == sum(isinstance(e, ServiceMessage) for e in entries)
    table = ActivityTable()
    table.add_all(traffic)
    by_pid = {activity.pid: activity for activity in table.activities}
    assert {p.pid for p in census.processes} == set(by_pid)
    for activity in census.processes:
        same = by_pid[activity.pid]
        assert (activity.host, activity.program, activity.lines) == (same.host, same.program, same.lines)
        assert (activity.accepts, activity.frontends) == (same.accepts, same.frontends)
        if same.first_accept is not None:
            assert activity.first_accept == same.first_accept
            assert activity.last_accept == same.last_accept
    troubled = sum(e.status >= 500 or e.termination[:2] not in {"--", "LR"} for e in traffic)
    assert census.trouble_lines == troubled
    return census


def wrapped(kind: str, texts: list[tuple[float, int, str]]) -> bytes:
    """Messages as one kind of log has them."""
    made = []
    for seconds, pid, text in texts:
        moment = START + timedelta(seconds=seconds)
        zulu = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}000Z"
        micros = str(int(moment.timestamp() * 1_000_000))
        made.append(
            {
                "bsd": f"{bsd(moment)} lb1 haproxy[{pid}]: {text}",
                "bsd without host": f"{bsd(moment)} haproxy[{pid}]: {text}",
                "iso": f"{iso(moment)} lb1 haproxy[{pid}]: {text}",
                "rfc5424": f"<134>1 {iso(moment)} lb1 haproxy {pid} - - {text}",
                "rfc5424 of rsyslog": f"<134>1 {iso(moment)} lb1 haproxy {pid} - -  {text}",
                "cri": f"{zulu} stdout F {text}",
                "docker": json.dumps({"log": text + "\n", "stream": "stdout", "time": zulu}),
                "journal": json.dumps(
                    {
                        "__REALTIME_TIMESTAMP": micros,
                        "MESSAGE": text,
                        "SYSLOG_IDENTIFIER": "haproxy",
                        "_PID": str(pid),
                        "_HOSTNAME": "lb1",
                    }
                ),
                "priority": f"<134>{bsd(moment)} lb1 haproxy[{pid}]: {text}",
                "raw": text,
            }[kind]
        )
    return ("\n".join(made) + "\n").encode()


KINDS = [
    "bsd",
    "bsd without host",
    "iso",
    "rfc5424",
    "rfc5424 of rsyslog",
    "cri",
    "docker",
    "journal",
    "priority",
    "raw",
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_scan_counts_what_reading_finds(tmp_path: Path, kind: str) -> None:
    texts = [
        (n / 7, 100 + n // 200, message(n, START + timedelta(seconds=n / 7), ("web", "api~")[n % 2]))
        for n in range(600)
    ]
    texts[300:300] = [
        (43, 101, "10.0.0.1:5 [29/Nov/2026:02:00:43.000] tcp_in tcpapp/t1 1/0/3011 40 K- 1/1/0/0/0 0/0"),
        (43, 101, "10.0.0.1:5 [29/Nov/2026:02:00:43.100] web/1: SSL handshake failure"),
        (43, 100, STOPPED),
        (43, 100, "[WARNING]  (99) : " + STOPPED),
        (43, 101, "Connect from 10.0.0.1:5 to 10.0.0.2:80 (plain/HTTP)"),
        (43, 101, "nonsense"),
    ]
    path = tmp_path / "a.log"
    path.write_bytes(wrapped(kind, texts))
    census = check(path)
    assert census.lines == 606
    assert len(census.unknown) == 1
    assert len(census.messages) == 2


@pytest.mark.parametrize("text", [CUSTOM, WORDS, "%{+json}o %(t)tr %(fe)ft %(st)ST %(ts)tsc %(p)pid"])
@pytest.mark.parametrize("configured", [True, False])
def test_formats_of_a_configuration(tmp_path: Path, text: str, *, configured: bool) -> None:
    rendered = []
    for n in range(300):
        moment = START + timedelta(seconds=n / 7)
        stamp = f"{moment:%d/%b/%Y:%H:%M:%S}.{moment.microsecond // 1000:03d}"
        status, termination = (503, "SC--") if n % 9 == 0 else (200, "----")
        line = (
            f'{{"t":"{stamp}","fe":"web~","st":{status},"ts":"{termination}",'
            f'"pid":{77 + n // 150},"ua":"a \'b\' {{c}}"}}'
            if text != WORDS
            else f"10.0.0.1 web~ st={status} [{stamp}] {termination} id-{n}"
        )
        rendered.append(
            (n / 7, 100, line.replace('":', '": ').replace(',"', ', "') if "json" in text else line)
        )
    path = tmp_path / "a.log"
    path.write_bytes(wrapped("bsd", rendered))
    formats = (compile_format("h.cfg:1", text),) if configured else ()
    census = check(path, ReadOptions(clock=OPTIONS.clock, formats=formats))
    if configured:
        assert sum(census.ended["lines"]) == 300
        assert {p.pid for p in census.processes} == ({100} if text == WORDS else {77, 78})


def test_lines_of_other_programs_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "syslog"
    mixed = b"".join(
        line + f"{bsd(START)} lb1 sshd[{n}]: Accepted publickey for root\n".encode() * 3
        for n, line in enumerate(lines(300))
    )
    reload = f"{bsd(START)} lb1 systemd[1]: Reloading haproxy.service - HAProxy Load Balancer...\n".encode()
    path.write_bytes(mixed + reload)
    census = check(path)
    (skipped,) = census.skipped
    assert (skipped.reason, skipped.lines) == (SkipReason.OTHER_PROGRAM, 900)
    assert census.lines == 1201
    assert len(census.services) == 1


def test_a_window(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"".join(lines(7000, pids=(100, 200))))
    for since, until in ((300, 320), (None, 50), (680, None), (-100, -50)):
        window = Window(
            None if since is None else (START_S + since) * SECOND,
            None if until is None else (START_S + until) * SECOND,
        )
        check(path, window=window)


def test_several_logs_and_a_broken_one(tmp_path: Path) -> None:
    packed = gzip.compress(b"".join(lines(300)))
    (tmp_path / "a.log.1.gz").write_bytes(packed[: len(packed) - 30])
    (tmp_path / "a.log").write_bytes(b"".join(lines(300, start=START + timedelta(seconds=30), pids=(200,))))
    with open_logs([str(tmp_path / name) for name in ("a.log.1.gz", "a.log")], OPTIONS) as logs:
        seen: list[int] = []
        census = scan_logs(logs, progress=seen.append)
    assert {p.pid for p in census.processes} == {100, 200}
    assert [s.reason for s in census.skipped] == [SkipReason.BROKEN_COMPRESSION]
    assert [s.name for s in census.sources] == [str(tmp_path / "a.log.1.gz"), str(tmp_path / "a.log")]
    assert sum(seen) == census.size_bytes
    seconds = census.trouble["second"]
    assert np.all(seconds[1:] >= seconds[:-1])


def test_parts_in_processes_have_the_same_sum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.log"
    text = list(lines(7000, pids=(100, 200, 300)))
    text.insert(3500, f"{bsd(START + timedelta(seconds=350))} lb1 haproxy[100]: {STOPPED}\n".encode())
    path.write_bytes(b"".join(text))
    monkeypatch.setattr(run, "_PART_BYTES", 300_000)
    census = check(path, workers=2)
    assert census.lines == 7001
    assert check(path, workers=1).size_bytes == census.size_bytes


def test_a_census_does_not_depend_on_where_blocks_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.log"
    text = b"".join(lines(3000, pids=(100, 200, 300)))
    path.write_bytes(text)
    found = []
    for size in (1000, 4096, 65_536, 1 << 20):
        monkeypatch.setattr(files, "CHUNK_BYTES", size)
        with open_logs([str(path)], OPTIONS) as logs:
            found.append(scan_logs(logs))
    for census in found:
        assert (census.processes, census.frontends) == (found[0].processes, found[0].frontends)
        assert np.array_equal(census.ended, found[0].ended)
        assert np.array_equal(census.accepted, found[0].accepted)
        assert np.array_equal(census.trouble, found[0].trouble)
    assert [p.places[-1].offset for p in found[0].processes][-1] == text.rindex(b"\n", 0, -1) + 1


def test_every_byte_is_told_of_once_by_all_who_scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"".join(lines(7000)))
    monkeypatch.setattr(run, "_PART_BYTES", 100_000)
    seen: list[int] = []
    with open_logs([str(path)], OPTIONS) as logs:
        census = scan_logs(logs, workers=3, progress=seen.append)
    assert sum(seen) == census.size_bytes == path.stat().st_size


def test_a_log_that_goes_away_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"".join(lines(10)))
    with open_logs([str(path)], OPTIONS) as logs:
        path.unlink()
        assert scan_logs(logs).lines == 10
        logs.files[0].close()
        with pytest.raises((EvidenceError, ValueError)):
            scan_logs(logs)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=80),
            st.sampled_from(list(lines(50, pids=(1, 2)))),
            st.sampled_from(list(lines(50, stamp="iso"))),
            st.tuples(st.sampled_from(list(lines(50))), st.integers(0, 250), st.binary(max_size=5)).map(
                lambda t: t[0][: t[1]] + t[2] + t[0][t[1] :]
            ),
        ),
        max_size=40,
    )
)
def test_any_bytes(tmp_path: Path, parts: list[bytes]) -> None:
    """Columns see what the reader of single lines sees, and lines that are damaged behind the counted fields."""
    path = tmp_path / "a.log"
    path.write_bytes(b"".join(parts))
    with open_logs([str(path)], OPTIONS) as logs:
        census = scan_logs(logs)
        traffic = [e for e in read_entries(logs) if isinstance(e, Traffic)]
    by_rest = Counter((e.pid, e.frontend, e.status, e.termination) for e in traffic)
    found: Counter[tuple[int, str, int, str]] = Counter()
    for (_, *rest), count in counted(census).items():
        found[tuple(rest)] += count  # type: ignore[index]
    assert by_rest <= found
    assert found.total() <= sum(1 for line in path.read_bytes().replace(b"\0", b"\n").split(b"\n") if line)
