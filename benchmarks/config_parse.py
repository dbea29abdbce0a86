"""Time to read a large configuration: the tree, the typed view, and HAProxy's own check of the same file.

Run: python benchmarks/config_parse.py [SERVERS] [--haproxy PATH]
"""

import argparse
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from hitless.config import build_model, parse

Result = TypeVar("Result")


def configuration(servers: int, servers_per_backend: int = 50) -> bytes:
    lines = [
        *(
            "global",
            "    maxconn 1000",
            "    stats socket /run/haproxy/admin.sock mode 660 level admin",
            "defaults",
        ),
        *("    mode http", "    timeout client 30s", "    timeout server 30s", "    timeout connect 5s"),
        *("    default-server inter 3s fall 3 rise 2", "", "frontend www", "    bind 127.0.0.1:8080"),
    ]
    backends = max(1, servers // servers_per_backend)
    lines += [f"    use_backend b{n} if {{ path_beg /b{n}/ }}" for n in range(backends)]
    for number in range(servers):
        if number % servers_per_backend == 0:
            lines += [
                "",
                f"backend b{number // servers_per_backend}  # generated",
                "    option httpchk GET /health",
            ]
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}:8080"
        lines.append(f'    server "s{number}" {address} check weight 10 cookie s{number} maxconn 200')
    return "\n".join(lines).encode() + b"\n"


def seconds(action: Callable[[], Result]) -> tuple[float, Result]:
    start = time.perf_counter()
    result = action()
    return time.perf_counter() - start, result


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("servers", nargs="?", type=int, default=50_000)
    options.add_argument("--haproxy", default=shutil.which("haproxy"))
    chosen = options.parse_args()
    data = configuration(chosen.servers)
    parse_s, file = seconds(lambda: parse(data, filename="large.cfg"))
    print_s, printed = seconds(file.to_bytes)
    model_s, model = seconds(lambda: build_model([file], environment={}))
    assert printed == data
    assert sum(len(p.servers) for p in model.proxies) == chosen.servers
    print(f"{chosen.servers} servers, {len(file.lines)} lines, {len(data)} bytes")
    print(f"parse        {parse_s:7.3f} s")
    print(f"to_bytes     {print_s:7.3f} s")
    print(f"build_model  {model_s:7.3f} s")
    print(f"peak memory  {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:7.0f} MiB")
    if chosen.haproxy:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "large.cfg")
            path.write_bytes(data)
            command = [chosen.haproxy, "-c", "-q", "-f", str(path)]
            check_s, done = seconds(lambda: subprocess.run(command, capture_output=True, check=False))
        print(f"haproxy -c   {check_s:7.3f} s (exit {done.returncode})")


if __name__ == "__main__":
    main()
