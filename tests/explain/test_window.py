import gzip
import os
from datetime import timedelta
from pathlib import Path

from hitless.explain.sources.log_set import open_logs
from hitless.explain.window import ALWAYS, Window, read_entries, read_file
from hitless.logged import Clock, Moment, OwnMessage, SkipReason, Traffic
from tests.explain.made import OPTIONS, SECOND, START, START_S, bsd, iso, lines, message

STOPPED = "Proxy web stopped (cumulated conns: FE: 1, BE: 0)."


def at(t_ns: int, clock: Clock = Clock.SYSLOG) -> Moment:
    return Moment(t_ns=t_ns, error_ns=10, clock=clock)


def test_what_is_in_a_window() -> None:
    window = Window(100, 200)
    assert [window.has(at(t)) for t in (89, 90, 100, 199, 200)] == [False, True, True, True, False]
    assert not window.has(at(0, Clock.NONE))
    assert ALWAYS.has(at(0, Clock.NONE))


def test_several_logs_are_merged_by_time(tmp_path: Path) -> None:
    for name, shift in (("a.log", 0), ("b.log", 50)):
        part = lines(100, start=START + timedelta(milliseconds=shift), stamp="iso")
        (tmp_path / name).write_bytes(b"".join(part))
    (tmp_path / "c.gz").write_bytes(
        gzip.compress(b"".join(lines(100, start=START - timedelta(seconds=60), stamp="iso")))
    )
    with open_logs([str(tmp_path / name) for name in ("a.log", "b.log", "c.gz")], OPTIONS) as logs:
        found = list(read_entries(logs))
    assert len(found) == 300
    assert [e.at.t_ns for e in found] == sorted(e.at.t_ns for e in found)
    assert {e.place.source for e in found[:100]} == {2}


def test_lines_a_little_out_of_order_are_put_right(tmp_path: Path) -> None:
    ordered = list(lines(100, every_ms=300, stamp="iso"))
    ordered[10], ordered[12] = ordered[12], ordered[10]
    (tmp_path / "a.log").write_bytes(b"".join(ordered))
    with open_logs([str(tmp_path / "a.log")], OPTIONS) as logs:
        times = [e.at.t_ns for e in read_entries(logs)]
        assert times == sorted(times)
        assert [e.at.t_ns for e in read_file(logs, logs.files[0])] != times


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    good = f"{iso(START)} lb1 haproxy[1]: {STOPPED}\n".encode()
    stranger = f"{iso(START)} lb1 sshd[1]: hello\n".encode()
    path.write_bytes(good + bytes(50) + good + stranger * 2 + b"\n\n" + f"{iso(START)} lb1 ss".encode())
    with open_logs([str(path)], OPTIONS) as logs:
        assert len(list(read_entries(logs))) == 3  # the torn line is text of nobody
        counts = {s.reason: (s.lines, s.size_bytes) for s in logs.skipped}
    assert counts[SkipReason.NUL_BYTES] == (0, 50)
    assert counts[SkipReason.OTHER_PROGRAM] == (2, 2 * len(stranger))


def test_a_torn_line_of_another_program(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(f"{iso(START)} lb1 sshd[1]: hel".encode())
    with open_logs([str(path)], OPTIONS) as logs:
        assert list(read_entries(logs)) == []
        assert [s.reason for s in logs.skipped] == [SkipReason.TORN]


def test_lines_without_a_stamp_lie_between_their_neighbours(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    own = f"[WARNING]  (7) : {STOPPED}\n"
    path.write_text(
        f"{iso(START)} {message(0, START)}\n{own}{own}{iso(START + timedelta(seconds=5))} {message(1, START)}\n"
    )
    with open_logs([str(path)], OPTIONS) as logs:
        found = [e for e in read_entries(logs) if isinstance(e, OwnMessage)]
    assert [(m.at.clock, m.at.t_ns // SECOND, m.at.error_ns // SECOND) for m in found] == [
        (Clock.BETWEEN, START_S, 5)
    ] * 2


def test_rotated_logs_over_a_change_of_the_year(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    eve = datetime(2026, 12, 31, 23, 59, 50, tzinfo=UTC)
    old, new = tmp_path / "a.log.1", tmp_path / "a.log"
    moments = [eve + timedelta(seconds=n) for n in range(20)]
    texts = [f"{bsd(m)} lb1 haproxy[1]: {STOPPED}\n" for m in moments]
    old.write_text("".join(texts[:15]))
    new.write_text("".join(texts[15:]))
    for path, last in ((old, moments[14]), (new, moments[-1])):
        os.utime(path, (last.timestamp(), last.timestamp()))
    with open_logs([str(old), str(new)], OPTIONS) as logs:
        assert [e.at.t_ns // SECOND for e in read_entries(logs)] == [int(m.timestamp()) for m in moments]


def test_places_lead_back_to_the_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    written = list(lines(50))
    path.write_bytes(b"".join(written))
    with open_logs([str(path)], OPTIONS) as logs:
        for entry, line in zip(read_entries(logs), written, strict=True):
            assert isinstance(entry, Traffic)
            assert path.read_bytes()[entry.place.offset :][: entry.place.size_bytes] == line.rstrip(b"\n")
