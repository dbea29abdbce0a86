"""Captures made by hand: packets of IP and TCP, links around them, files of both formats around those."""

import ipaddress
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO

from hitless.captured import CapturedConnection, CaptureTotals, ListenerGap
from hitless.explain.captures.endpoints import Listeners
from hitless.explain.captures.read import CaptureReader

FIN, SYN, RST, ACK = 1, 2, 4, 16
CLIENT, PROXY = ("192.0.2.9", 40_000), ("192.0.2.1", 80)
CLIENT6, PROXY6 = ("2001:db8::9", 40_000), ("2001:db8::1", 443)
START_NS = 1_795_921_652_000_000_000
MS = 1_000_000

Endpoint = tuple[str, int]


def tcp(
    source: Endpoint,
    target: Endpoint,
    flags: int,
    data: bytes = b"",
    *,
    sequence: int = 0,
    acknowledged: int = 0,
    options: bytes = b"",
) -> bytes:
    words = (5 + len(options) // 4) << 4
    header = struct.pack(">HHIIBBHHH", source[1], target[1], sequence, acknowledged, words, flags, 1024, 0, 0)
    return header + options + data


def ipv4(
    source: Endpoint, target: Endpoint, payload: bytes, *, protocol: int = 6, fragment: int = 0
) -> bytes:
    addresses = ipaddress.IPv4Address(source[0]).packed + ipaddress.IPv4Address(target[0]).packed
    return (
        struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 0, fragment, 64, protocol, 0)
        + addresses
        + payload
    )


def ipv6(source: Endpoint, target: Endpoint, payload: bytes, *, protocol: int = 6) -> bytes:
    addresses = ipaddress.IPv6Address(source[0]).packed + ipaddress.IPv6Address(target[0]).packed
    return struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + addresses + payload


def ethernet(packet: bytes, *tags: int) -> bytes:
    kind = 0x86DD if packet[0] >> 4 == 6 else 0x0800
    return bytes(12) + b"".join(struct.pack(">HH", tag, 7) for tag in tags) + struct.pack(">H", kind) + packet


@dataclass(frozen=True, slots=True)
class Packet:
    t_ns: int
    frame: bytes
    captured: int | None = None
    """How many bytes were captured; None: all."""

    @property
    def kept(self) -> bytes:
        return self.frame[: self.captured]


def pcap(packets: Iterable[Packet], *, order: str = "<", nano: bool = False, link: int = 1) -> bytes:
    magic, unit_ns = (0xA1B23C4D, 1) if nano else (0xA1B2C3D4, 1000)
    file = struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 262_144, link)
    for packet in packets:
        seconds, rest = divmod(packet.t_ns, 1_000_000_000)
        sizes = len(packet.kept), len(packet.frame)
        file += struct.pack(f"{order}IIII", seconds, rest // unit_ns, *sizes) + packet.kept
    return file


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    padded = body + bytes(-len(body) % 4)
    length = struct.pack(f"{order}I", 12 + len(padded))
    return struct.pack(f"{order}I", kind) + length + padded + length


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def option(code: int, value: bytes, order: str = "<") -> bytes:
    return struct.pack(f"{order}HH", code, len(value)) + value + bytes(-len(value) % 4)


def interface(*options: bytes, link: int = 1, order: str = "<") -> bytes:
    return block(1, struct.pack(f"{order}HHI", link, 0, 0) + b"".join(options), order)


def enhanced(packet: Packet, *, number: int = 0, unit_ns: int = 1000, order: str = "<") -> bytes:
    ticks = packet.t_ns // unit_ns
    head = struct.pack(
        f"{order}IIIII", number, ticks >> 32, ticks & 0xFFFF_FFFF, len(packet.kept), len(packet.frame)
    )
    return block(6, head + packet.kept, order)


class Talk:
    """Two ends that exchange segments; each call adds one, a millisecond after the last."""

    def __init__(self, client: Endpoint = CLIENT, proxy: Endpoint = PROXY, t_ns: int = START_NS) -> None:
        self.packets: list[Packet] = []
        self.t_ns = t_ns
        self._next = {"client": 1000, "proxy": 0xFFFF_FFF0}  # the proxy's numbers wrap soon
        self._ends = {"client": client, "proxy": proxy}

    def say(
        self, who: str, flags: int = ACK, data: bytes = b"", *, after_ms: float = 1, lost: bool = False
    ) -> "Talk":
        """Add a segment; `lost`: it is sent, and the capture lacks it."""
        self.t_ns += int(after_ms * MS)
        other = "proxy" if who == "client" else "client"
        segment = tcp(
            self._ends[who],
            self._ends[other],
            flags,
            data,
            sequence=self._next[who],
            acknowledged=self._next[other] if flags & ACK else 0,
        )
        build = ipv6 if ":" in self._ends[who][0] else ipv4
        if not lost:
            self.packets.append(
                Packet(self.t_ns, ethernet(build(self._ends[who], self._ends[other], segment)))
            )
        moved = self._next[who] + len(data) + bool(flags & (SYN | FIN))
        self._next[who] = moved & 0xFFFF_FFFF
        return self

    def client(
        self, flags: int = ACK, data: bytes = b"", *, after_ms: float = 1, lost: bool = False
    ) -> "Talk":
        return self.say("client", flags, data, after_ms=after_ms, lost=lost)

    def proxy(
        self, flags: int = ACK, data: bytes = b"", *, after_ms: float = 1, lost: bool = False
    ) -> "Talk":
        return self.say("proxy", flags, data, after_ms=after_ms, lost=lost)

    def again(self, *, after_ms: float) -> "Talk":
        """Send the last segment once more."""
        self.t_ns += int(after_ms * MS)
        self.packets.append(Packet(self.t_ns, self.packets[-1].frame))
        return self

    def connect(self) -> "Talk":
        return self.client(SYN).proxy(SYN | ACK).client()

    def exchange(self, answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") -> "Talk":
        return self.client(data=b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").proxy(data=answer)


def read(
    *files: bytes, listeners: Listeners | None = None, max_flows: int = 1000
) -> tuple[list[CapturedConnection], list[ListenerGap], CaptureTotals]:
    """Return what a reader makes of these files."""
    reader = CaptureReader(listeners or Listeners(), max_flows=max_flows)
    found = [one for file in files for one in reader.read(BytesIO(file), "test.pcap")]
    found += reader.finish()
    connections = [one for one in found if isinstance(one, CapturedConnection)]
    return connections, [one for one in found if isinstance(one, ListenerGap)], reader.totals()


def merged(talks: Sequence[Talk]) -> list[Packet]:
    return sorted((packet for talk in talks for packet in talk.packets), key=lambda packet: packet.t_ns)


def one(talk: Talk) -> CapturedConnection:
    """Return the connection that a capture of this talk alone has."""
    (connection,) = read(pcap(talk.packets, nano=True))[0]
    return connection
