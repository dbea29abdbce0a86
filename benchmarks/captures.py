"""Time and memory to read a large capture, made of a real one repeated with other clients; and what tshark takes.

Run: python benchmarks/captures.py [MEGABYTES] [CAPTURE]
"""

import argparse
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hitless.explain.captures.endpoints import parse_listeners
from hitless.explain.captures.read import CaptureReader

FIXTURE = Path(__file__).parent.parent / "tests" / "explain" / "captures" / "fixtures" / "accept-queue.pcap"
MEGABYTE = 1_000_000


def packets(capture: bytes) -> Iterator[tuple[int, int]]:
    position = 24
    while position < len(capture):
        size = 16 + int.from_bytes(capture[position + 8 : position + 12], "little")
        yield position, size
        position += size


def write_large(capture: bytes, path: Path, size_bytes: int) -> None:
    """Repeat an Ethernet capture of IPv4, little-endian, with other clients and later times."""
    raw = np.frombuffer(capture[24:], np.uint8).copy()
    starts = np.array([position - 24 for position, _ in packets(capture)])
    address = starts[:, None] + 16 + 14 + 12 + np.arange(8)
    to_proxy = np.array([capture[p + 16 + 14 + 22 : p + 16 + 14 + 24] for p, _ in packets(capture)])
    port = max(set(to_proxy.tolist()), key=to_proxy.tolist().count)
    client_at = np.where(to_proxy == port, 0, 4)
    with path.open("wb") as file:
        file.write(capture[:24])
        for copy in range(size_bytes // len(raw)):
            raw[starts] = copy & 0xFF  # the lowest byte of the seconds
            raw[starts + 1] = copy >> 8 & 0xFF
            for index in (1, 2):
                raw[address[np.arange(len(starts)), client_at + index]] = copy >> (8 * (index - 1)) & 0xFF
            file.write(raw.tobytes())


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("megabytes", nargs="?", type=int, default=1000)
    options.add_argument("capture", nargs="?", type=Path, default=FIXTURE)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "large.pcap")
        write_large(chosen.capture.read_bytes(), path, chosen.megabytes * MEGABYTE)
        reader = CaptureReader(parse_listeners([]))
        start, cpu = time.perf_counter(), time.process_time()
        with path.open("rb") as file:
            found = sum(1 for _ in reader.read(file, path.name)) + sum(1 for _ in reader.finish())
        took_s, cpu_s = time.perf_counter() - start, time.process_time() - cpu
        totals = reader.totals()
        print(f"{totals.size_bytes / MEGABYTE:.0f} MB, {totals.packets} packets, {found} connections")
        print(
            f"hitless  {took_s:6.1f} s, {cpu_s:6.1f} s of processor, {cpu_s / totals.packets * 1e6:.2f} us a packet"
        )
        print(f"         {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB at most")
        if tshark := shutil.which("tshark"):
            start = time.perf_counter()
            words = [tshark, "-n", "-r", str(path), "-q", "-z", "conv,tcp"]
            subprocess.run(words, check=False, capture_output=True)
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            took_s, cpu_s = time.perf_counter() - start, used.ru_utime + used.ru_stime
            print(
                f"tshark   {took_s:6.1f} s, {cpu_s:6.1f} s of processor, {used.ru_maxrss / 1024:.0f} MiB at most"
            )


if __name__ == "__main__":
    main()
