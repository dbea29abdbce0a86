"""Pages of the kernel's ring buffer: which records they hold, when they were written, and what was lost.

A page is a timestamp (u64), a commit word (how many bytes of records follow, and flags), and the records. A
record starts with a u32: 5 bits type or length, 27 bits time since the record before.

Source: Linux v6.18 include/linux/ring_buffer.h enum ring_buffer_type, kernel/trace/ring_buffer.c.
"""

import struct
import sys
from collections.abc import Callable, Mapping

from hitless.errors import EvidenceError
from hitless.evidence.trace_format import PageFormat

__all__ = ["RecordHandler", "decode_page"]

RecordHandler = Callable[[int, bytes, int], None]
"""Takes the time (ns), the page, and the offset in it at which the event's record starts."""

_MISSED_EVENTS = 1 << 31
_MISSED_STORED = 1 << 30
_COMMIT_MASK = (1 << 20) - 1
_PADDING, _TIME_EXTEND, _TIME_STAMP = 29, 30, 31
_DELTA_BITS = 27
_DELTA_MASK = (1 << _DELTA_BITS) - 1
_MIN_RECORD_SIZE_BYTES = 8
"""Of any event: common_type, common_flags, common_preempt_count, common_pid."""

_U64 = struct.Struct("=Q")
_U32 = struct.Struct("=I")
_U16 = struct.Struct("=H")
_LITTLE = sys.byteorder == "little"


def decode_page(page: bytes, form: PageFormat, handlers: Mapping[int, tuple[int, RecordHandler]]) -> int:
    """Hand each record to the handler of its event, in order; return how many were lost before the page.

    `handlers` has, by event number, the least size of its record in bytes, and the handler. The count is 1
    where the kernel says only that some were lost.

    Raises: EvidenceError if the page contradicts itself; nothing is ever read outside of it.
    """
    if len(page) < form.data_offset:
        raise EvidenceError(f"trace: a page of {len(page)} bytes")
    t_ns = _U64.unpack_from(page)[0]
    commit = int.from_bytes(page[form.commit.offset : form.commit.offset + form.commit.size], sys.byteorder)
    end = form.data_offset + (commit & _COMMIT_MASK)
    if end > len(page):
        raise EvidenceError(f"trace: a page says that it holds {end} bytes and has {len(page)}")
    _decode_records(page, t_ns, form.data_offset, end, handlers)
    if not commit & _MISSED_EVENTS:
        return 0
    if commit & _MISSED_STORED and end + form.commit.size <= len(page):
        return int.from_bytes(page[end : end + form.commit.size], sys.byteorder)
    return 1


def _decode_records(
    page: bytes, t_ns: int, offset: int, end: int, handlers: Mapping[int, tuple[int, RecordHandler]]
) -> None:
    read_u32, read_u16 = _U32.unpack_from, _U16.unpack_from
    while offset + 4 <= end:
        word = read_u32(page, offset)[0]
        kind, delta = (word & 31, word >> 5) if _LITTLE else (word >> _DELTA_BITS, word & _DELTA_MASK)
        if 0 < kind < _PADDING:
            start, size = offset + 4, kind * 4
            following = start + size
        else:
            if kind == _PADDING and delta == 0:  # nothing more was written on this page
                return
            if offset + 8 > end:
                raise EvidenceError("trace: a record is cut by the end of its page")
            array = read_u32(page, offset + 4)[0]
            if kind >= _TIME_EXTEND:
                t_ns = (array << _DELTA_BITS) + delta + (t_ns if kind == _TIME_EXTEND else 0)
                offset += 8
                continue
            start, size = offset + 8, array - 4
            following = offset + 4 + array
        if size < 0 or following > end:
            raise EvidenceError("trace: a record is cut by the end of its page")
        t_ns += delta
        if kind != _PADDING and size >= _MIN_RECORD_SIZE_BYTES:
            least, handler = handlers.get(read_u16(page, start)[0], (0, None))
            if handler is not None:
                if size < least:
                    raise EvidenceError("trace: a record is shorter than its format says")
                handler(t_ns, page, start)
        offset = following
