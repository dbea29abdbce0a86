"""Run `hitless prove` as a user would, and the configurations that the proofs are about."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEADLINE_S = 120.0

QUICK = ("--control", "2s", "--spacing", "1s", "--settle", "1s")
"""Enough for a verdict about one frontend, and short."""

KEEPALIVE = """\
global
    hard-stop-after 30s
    stats socket /run/haproxy/admin.sock mode 660 level admin expose-fd listeners
defaults
    mode http
    timeout connect 2s
    timeout client 10s
    timeout server 10s
    timeout tunnel 60s
frontend www
    bind 192.168.10.25:80
    default_backend app
backend app
    server s1 10.0.12.34:8080
"""
DEFERRED = KEEPALIVE.replace(
    "    timeout tunnel 60s\n", "    timeout tunnel 60s\n    option idle-close-on-response\n"
)


@dataclass(frozen=True)
class Proof:
    """What one run of `hitless prove --format json` said."""

    status: int
    stderr: str
    document: dict[str, Any]
    bundle: Path

    @property
    def causes(self) -> dict[str, int]:
        """Victims by the code of their cause."""
        return {cause["code"]: cause["victims"] for cause in self.document["causes"]}

    def failed(self, client_class: str) -> int:
        """Victims among the clients of one class."""
        return int(self.document["clients"][client_class]["failed"])

    def told(self) -> str:
        """The parts of the document that explain a surprise."""
        keys = ("verdict", "clients", "causes", "kernel", "notes", "limitations", "coverage")
        return json.dumps({key: self.document[key] for key in keys}, indent=1) + self.stderr


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "hitless", *words]


def prove(directory: Path, configuration: str, *words: str, quick: bool = True) -> Proof:
    """Prove a configuration; the bundle goes beside it."""
    file = directory / "haproxy.cfg"
    file.write_text(configuration)
    bundle = directory / f"bundle-{len(list(directory.iterdir()))}"
    pace = QUICK if quick else ()
    done = subprocess.run(
        command("prove", str(file), "--output", str(bundle), "--format", "json", *pace, *words),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
        env=os.environ | {"NO_COLOR": "1"},
    )
    assert done.stdout, f"no document; status {done.returncode}: {done.stderr}"
    return Proof(done.returncode, done.stderr, json.loads(done.stdout), bundle)
