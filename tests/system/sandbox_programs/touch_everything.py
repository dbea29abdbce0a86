"""Runs inside the sandbox: changes files everywhere and tries to reach the host. Argument: a directory."""

import json
import socket
import sys
from pathlib import Path

_MARK = "hitless-was-here"


def _write(directory: str) -> str:
    try:
        path = Path(directory) / _MARK
        path.write_text("inside")
        return path.read_text()
    except OSError as error:
        return error.strerror or "error"


def _connect(address: str) -> str:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        try:
            client.connect(address)
        except OSError as error:
            return error.strerror or "error"
        return "connected"


def main() -> None:
    here = Path(sys.argv[1])
    result: dict[str, object] = {
        "cwd": str(Path.cwd()),
        "written": {
            name: _write(name) for name in ("/etc", "/run", "/tmp", "/var", "/usr", "/dev", "/", str(here))
        },
        "sockets": {name: _connect(name) for name in (str(here / "live.sock"), f"\0{here}/abstract")},
        "original": (here / "file").read_text(),
    }
    (here / "file").write_text("changed")
    (here / "gone").unlink()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(here / "new.sock"))
        server.listen()
        (here / "new.sock").rename(here / "live.sock")
        result["stolen"] = _connect(str(here / "live.sock"))
    result["links"] = [name for _, name in socket.if_nameindex()]
    result["pids"] = sorted(int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    sys.stdout.write(json.dumps(result))


main()
