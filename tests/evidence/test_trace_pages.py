import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.errors import EvidenceError
from hitless.evidence.trace_pages import decode_page
from tests.evidence.kernel import (
    discarded,
    end_of_page,
    large,
    page,
    read_page_format,
    small,
    time_extend,
    time_stamp,
)

FORM = read_page_format()
NUMBER = 77
RECORD = struct.pack("=HBBi", NUMBER, 0, 0, 4242) + b"payload."
OTHER = struct.pack("=HBBi", 78, 0, 0, 1)


def decode(raw: bytes) -> tuple[list[tuple[int, bytes]], int]:
    seen: list[tuple[int, bytes]] = []

    def handler(t_ns: int, data: bytes, start: int) -> None:
        seen.append((t_ns, data[start : start + len(RECORD)]))

    lost = decode_page(raw, FORM, {NUMBER: (len(RECORD), handler)})
    return seen, lost


def test_times_add_up_from_record_to_record() -> None:
    seen, lost = decode(page(1000, small(RECORD, 5), large(RECORD, 7), small(RECORD)))
    assert [t_ns for t_ns, _ in seen] == [1005, 1012, 1012]
    assert {data for _, data in seen} == {RECORD}
    assert lost == 0


def test_a_long_pause_extends_the_time() -> None:
    seen, _ = decode(page(1000, time_extend(1 << 40), small(RECORD, 1)))
    assert seen[0][0] == 1000 + (1 << 40) + 1


def test_a_time_stamp_sets_the_time() -> None:
    seen, _ = decode(page(1000, small(RECORD), time_stamp(1 << 50), small(RECORD, 3)))
    assert [t_ns for t_ns, _ in seen] == [1000, (1 << 50) + 3]


def test_discarded_records_count_only_for_the_time() -> None:
    seen, _ = decode(page(1000, discarded(40, 9), small(RECORD, 1)))
    assert [t_ns for t_ns, _ in seen] == [1010]


def test_nothing_is_read_after_the_end_of_the_page() -> None:
    seen, _ = decode(page(1000, small(RECORD), end_of_page(), small(RECORD)))
    assert len(seen) == 1


def test_other_events_are_passed_over() -> None:
    seen, _ = decode(page(1000, small(OTHER, 4), small(RECORD)))
    assert [t_ns for t_ns, _ in seen] == [1004]


def test_lost_events_are_counted() -> None:
    assert decode(page(1, small(RECORD), flags=1 << 31))[1] == 1
    assert decode(page(1, small(RECORD), flags=3 << 30, missed=4452))[1] == 4452


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0" * 15,
        page(1, small(RECORD))[:30],
        page(1, struct.pack("=II", 0, 4000)),
        page(1, struct.pack("=II", 0, 0)),
        page(1, struct.pack("=I", 0)),
        page(1, struct.pack("=I", 28)),
        page(1, small(RECORD[:8])),
    ],
)
def test_a_page_that_contradicts_itself_is_refused(raw: bytes) -> None:
    with pytest.raises(EvidenceError):
        decode(raw)


@given(st.binary(max_size=600))
def test_any_bytes_end_in_records_or_a_refusal(data: bytes) -> None:
    raw = struct.pack("=QQ", 1, len(data)) + data
    try:
        seen, _ = decode(raw)
    except EvidenceError:
        return
    assert len(seen) <= len(data) // 8
