"""Snapshots from Markdown: the fixtures of rules are fenced blocks, in a rule's docstring and in tests/audit/rules.

In `tests/audit/rules/FAMILY/NAME.md` each case begins with `## fires: TITLE` or `## silent: TITLE`; in a docstring the
cases are `## Example` (fires) and `## Use instead` (silent). The blocks of a case, all optional, build one snapshot:

    ```cfg [PATH]            a configuration file; without PATH /etc/haproxy/haproxy.cfg
    ```json instance         fields of `Instance` (JSON, as in a snapshot), laid over the default below
    ```json host             fields of `Host`, laid over an empty host; its presence makes it a host, not files alone
    ```unit [PATH]           a unit file or drop-in, read by `hitless.host.unit_files`
    ```script KIND PATH      a Script of the host
    ```version 2.6.12        HAProxy's version (default 2.8.25)
    ```mode classic          the mode (default master-worker)
    ```argv                  the command line HAProxy is started with, one line

Other blocks (```text, ```console, …) are prose. A case without a block of these kinds is no fixture. Every fixture that
has a `json host`, `unit` or `script` block is a host; there, lists that the blocks do not give are seen and empty.
"""

import hashlib
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from hitless.audit.rule import read_page
from hitless.audit.table import MODULES, rule_module
from hitless.facts import FileText, Snapshot
from hitless.host.unit_files import read_unit_files

RULES = Path(__file__).parent / "rules"
DEFAULT_PATH = "/etc/haproxy/haproxy.cfg"

_BLOCK = re.compile(r"^```(\S+)[ \t]*(.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CASE = re.compile(r"^## (fires|silent): (.+)$", re.MULTILINE)
_KINDS = {"cfg", "json", "unit", "script", "version", "mode", "argv"}

_HOST_LISTS = (
    *("sysctls", "addresses", "interfaces", "listening", "unix_listening", "paths", "accounts", "keepalived"),
    *("scripts", "tmpfiles", "sysctl_files"),
)


@dataclass(frozen=True)
class Case:
    code: str
    title: str
    fires: bool
    snapshot: Snapshot


def cases(code: str) -> Iterator[Case]:
    """Yield the fixtures of a rule: those in its docstring, then those in its file."""
    page = read_page(rule_module(code))
    for heading, fires in (("Example", True), ("Use instead", False)):
        snapshot = read_snapshot(page.sections.get(heading, ""))
        if snapshot is not None:
            yield Case(code, heading, fires, snapshot)
    path = fixture_path(code)
    if path.exists():
        parts = _CASE.split(path.read_text())
        for kind, title, text in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
            snapshot = read_snapshot(text)
            assert snapshot is not None, f"{path}: the case {title!r} has no block"
            yield Case(code, title, kind == "fires", snapshot)


def fixture_path(code: str) -> Path:
    return RULES / (MODULES[code].replace(".", "/") + ".md")


def read_snapshot(text: str) -> Snapshot | None:
    """Return the snapshot that the blocks of a case build, None without any."""
    blocks = [(m[1], m[2].strip(), m[3]) for m in _BLOCK.finditer(text) if m[1] in _KINDS]
    if not blocks:
        return None
    draft = _Draft()
    for kind, argument, body in blocks:
        draft.take(kind, argument, body)
    return draft.finish()


class _Draft:
    def __init__(self) -> None:
        self.host: dict[str, Any] | None = None
        self.units: list[dict[str, Any]] = []
        self.instance: dict[str, Any] = {
            "name": "haproxy.service",
            "configuration": [],
            "mode": "master-worker",
            "mode_source": "the fixture",
            "binary": _binary("2.8.25"),
        }

    def take(self, kind: str, argument: str, body: str) -> None:
        if kind == "json":
            (self.a_host() if argument == "host" else self.instance).update(json.loads(body))
        elif kind == "cfg":
            self.instance["configuration"].append(_file(argument or DEFAULT_PATH, body))
        elif kind == "unit":
            self.a_host()
            self.units.append({"path": argument or "/lib/systemd/system/haproxy.service", "text": body})
        elif kind == "script":
            script_kind, path = argument.split(maxsplit=1)
            self.a_host()["scripts"].append({"path": path, "kind": script_kind, "text": body})
        elif kind == "version":
            self.instance["binary"] = _binary(argument)
        elif kind == "mode":
            self.instance["mode"] = argument
        else:
            self.instance["launch"] = {"arguments": shlex.split(body), "source": "the fixture"}

    def a_host(self) -> dict[str, Any]:
        if self.host is None:
            self.host = {name: [] for name in _HOST_LISTS}
        return self.host

    def finish(self) -> Snapshot:
        if self.units:
            self.instance["unit"] = _unit(self.units)
        return msgspec.convert(
            {
                "tool_version": "0",
                "taken_at": "2026-01-01T00:00:00Z",
                "instances": [self.instance],
                "host": self.host,
            },
            Snapshot,
        )


def _binary(version: str) -> dict[str, Any]:
    numbers = [int(n) for n in re.findall(r"\d+", version)[:3]]
    return {
        "path": "/usr/sbin/haproxy",
        "version": [*numbers, 0, 0][:3],
        "version_text": version,
        "source": "haproxy -vv",
    }


def _file(path: str, text: str) -> dict[str, Any]:
    return {"path": path, "text": text, "sha256": hashlib.sha256(text.encode()).hexdigest()}


def _unit(files: list[dict[str, Any]]) -> dict[str, Any]:
    unit = read_unit_files("haproxy.service", tuple(msgspec.convert(file, FileText) for file in files))
    found: dict[str, Any] = msgspec.to_builtins(unit)
    return found
