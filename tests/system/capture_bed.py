"""A capture of the loopback interface without tcpdump: a packet socket, written as pcap with nanoseconds."""

import ctypes
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from hitless.captured import CapturedConnection, CaptureTotals, ListenerGap
from hitless.explain.captures.endpoints import parse_listeners
from hitless.explain.captures.read import CaptureReader

_EVERY_PROTOCOL = 3
_OUTGOING = 4
_SO_TIMESTAMPNS = 35
_SO_RCVBUFFORCE = 33
_SO_ATTACH_FILTER = 26
_LOAD_HALF, _LOAD_BYTE, _LOAD_HALF_AT_X, _LOAD_HEADER_LENGTH = 0x28, 0x30, 0x48, 0xB1
_JUMP_IF_EQUAL, _RETURN = 0x15, 0x06
_POLL_S = 0.2
"""How long nothing may come before the end of a capture is believed."""


class LoopbackCapture:
    """What came by so far."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, listener: str) -> tuple[list[CapturedConnection], list[ListenerGap], CaptureTotals]:
        """Return what the capture shows of a listener."""
        reader = CaptureReader(parse_listeners([listener]))
        found = [*reader.read(BytesIO(self.path.read_bytes()), self.path.name), *reader.finish()]
        connections = [one for one in found if isinstance(one, CapturedConnection)]
        return connections, [one for one in found if isinstance(one, ListenerGap)], reader.totals()


@contextmanager
def loopback_capture(path: Path, port: int) -> Iterator[LoopbackCapture]:
    """Capture a TCP port's packets on loopback into a file until the block ends: of other tests' load none."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as packets, path.open("wb") as file:
        packets.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 32 << 20)
        packets.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        packets.settimeout(_POLL_S)
        _attach_filter(packets, port)
        packets.bind(("lo", _EVERY_PROTOCOL))
        file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262_144, 1))
        ended = threading.Event()
        thread = threading.Thread(target=_record, args=(packets, file.write, ended))
        thread.start()
        try:
            yield LoopbackCapture(path)
        finally:
            ended.set()
            thread.join()


def _attach_filter(packets: socket.socket, port: int) -> None:
    """Have the kernel drop all but IPv4, TCP, and this port. Source: networking/filter.rst of Linux, "tcpdump -dd"."""
    program = (
        (_LOAD_HALF, 0, 0, 12),
        (_JUMP_IF_EQUAL, 0, 8, 0x0800),
        (_LOAD_BYTE, 0, 0, 23),
        (_JUMP_IF_EQUAL, 0, 6, socket.IPPROTO_TCP),
        (_LOAD_HEADER_LENGTH, 0, 0, 14),
        (_LOAD_HALF_AT_X, 0, 0, 14),
        (_JUMP_IF_EQUAL, 2, 0, port),
        (_LOAD_HALF_AT_X, 0, 0, 16),
        (_JUMP_IF_EQUAL, 0, 1, port),
        (_RETURN, 0, 0, 0x40000),
        (_RETURN, 0, 0, 0),
    )
    instructions = ctypes.create_string_buffer(b"".join(struct.pack("@HBBI", *one) for one in program))
    packets.setsockopt(
        socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("@HP", len(program), ctypes.addressof(instructions))
    )


def _record(packets: socket.socket, write: Callable[[bytes], int], ended: threading.Event) -> None:
    while True:
        try:
            frame, ancillary, _, address = packets.recvmsg(65_600, 64)
        except TimeoutError:
            if ended.is_set():
                return
            continue
        if address[2] == _OUTGOING:
            continue  # on loopback each packet goes by twice
        seconds, nanoseconds = struct.unpack("@ll", ancillary[0][2])
        write(struct.pack("<IIII", seconds, nanoseconds, len(frame), len(frame)) + frame)
