"""A kernel's trace, made by hand: formats of real kernels, records and pages as the ring buffer lays them out."""

import socket
import struct
from pathlib import Path

from hitless.evidence.trace_format import EventFormat, PageFormat, parse_event_format, parse_page_format

FIXTURES = Path(__file__).parent / "fixtures"
V6_18 = FIXTURES / "formats-6.18"
V6_1 = FIXTURES / "formats-6.1"

RESET_REASON_TCP_STATE = 14


def read_formats(directory: Path) -> dict[str, EventFormat]:
    formats = [
        parse_event_format(path.read_text())
        for path in sorted(directory.glob("*.txt"))
        if path.stem != "header_page"
    ]
    assert formats
    return {form.name: form for form in formats}


def read_page_format() -> PageFormat:
    return parse_page_format((V6_18 / "header_page.txt").read_text())


def build_record(form: EventFormat, **values: int | bytes) -> bytes:
    """Return a record with these fields set and all others 0."""
    record = bytearray(max(field.offset + field.size for field in form.fields.values()))
    for name, value in {"common_type": form.number, **values}.items():
        field = form.fields[name]
        data = value if isinstance(value, bytes) else value.to_bytes(field.size, "little", signed=value < 0)
        assert len(data) <= field.size
        record[field.offset : field.offset + len(data)] = data
    return bytes(record)


def sockaddr(address: str, port: int) -> bytes:
    """Return a struct sockaddr_in or sockaddr_in6, as the kernel's raw field of 28 bytes has it."""
    if ":" in address:
        return struct.pack("=H", socket.AF_INET6) + struct.pack(">HI", port, 0) + packed(address)
    return struct.pack("=H", socket.AF_INET) + struct.pack(">H", port) + packed(address)


def packed(address: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def small(data: bytes, delta_ns: int = 0) -> bytes:
    """Return a record of at most 112 bytes with its header: the length is in the type."""
    words = (len(data) + 3) // 4
    assert 1 <= words <= 28
    return struct.pack("=I", delta_ns << 5 | words) + data.ljust(words * 4, b"\0")


def large(data: bytes, delta_ns: int = 0) -> bytes:
    """Return a record with its header: the length is in a word of its own."""
    padded = data.ljust((len(data) + 3) // 4 * 4, b"\0")
    return struct.pack("=II", delta_ns << 5, len(padded) + 4) + padded


def time_extend(delta_ns: int) -> bytes:
    return struct.pack("=II", (delta_ns & (1 << 27) - 1) << 5 | 30, delta_ns >> 27)


def time_stamp(t_ns: int) -> bytes:
    return struct.pack("=II", (t_ns & (1 << 27) - 1) << 5 | 31, t_ns >> 27)


def discarded(size: int, delta_ns: int) -> bytes:
    assert delta_ns
    return struct.pack("=II", delta_ns << 5 | 29, size + 4) + bytes(size)


def end_of_page() -> bytes:
    return struct.pack("=I", 29)


def page(t_ns: int, *records: bytes, flags: int = 0, missed: int | None = None) -> bytes:
    body = b"".join(records)
    tail = b"" if missed is None else struct.pack("=Q", missed)
    return (struct.pack("=QQ", t_ns, len(body) | flags) + body + tail).ljust(4096, b"\0")
