"""The machine: kernel, container or not, service manager, processors, memory.

Source: the markers that systemd-detect-virt(1) looks for (systemd v257 src/basic/virt.c detect_container()), and
sd_booted(3) for systemd.
"""

import os
import re
from dataclasses import dataclass

from hitless.facts import Unknown
from hitless.host.errors import HostError
from hitless.host.root import HostRoot

__all__ = ["Machine", "read_machine"]

_SMALL_SIZE_BYTES = 64 * 1024
_MARKERS = ("/.dockerenv", "/run/.containerenv", "/run/systemd/container", "/run/host/container-manager")
_CONTAINER_GROUP = re.compile(
    r"(^|/)(docker|lxc|lxc\.payload[^/]*|kubepods[^/]*|libpod[^/]*|machine\.slice)(/|-)"
    r"|(docker|crio|cri-containerd|libpod)-[0-9a-f]{12,}"
)
_MEMORY_LINE = re.compile(r"(MemTotal|MemAvailable):\s+(\d{1,18}) kB", re.ASCII)


@dataclass(frozen=True, slots=True)
class Machine:
    """What `hitless.facts.Host` says of the machine, under the same names."""

    kernel_release: str
    container: bool
    systemd: bool
    cpu_count: int | None
    memory_total_bytes: int | None
    memory_available_bytes: int | None
    host_name: str


def read_machine(root: HostRoot) -> tuple[Machine, tuple[Unknown, ...]]:
    """Return what the machine is; of a tree what its recorded /proc and /etc say."""
    unknown: list[Unknown] = []
    memory = dict(_MEMORY_LINE.findall(_text(root, "/proc/meminfo")))
    if not memory:
        unknown.append(Unknown(what="memory of the host", why="/proc/meminfo does not say"))
    machine = Machine(
        kernel_release=_line(root, "/proc/sys/kernel/osrelease"),
        container=_is_container(root),
        systemd=_exists(root, "/run/systemd/system"),
        cpu_count=len(os.sched_getaffinity(0)) if root.live else _recorded_processors(root),
        memory_total_bytes=_bytes(memory.get("MemTotal")),
        memory_available_bytes=_bytes(memory.get("MemAvailable")),
        host_name=_line(root, "/proc/sys/kernel/hostname") or _line(root, "/etc/hostname"),
    )
    return machine, tuple(unknown)


def _is_container(root: HostRoot) -> bool:
    if any(_exists(root, marker) for marker in _MARKERS):
        return True
    # Without a control group namespace process 1's path is the container's.
    if _CONTAINER_GROUP.search(_text(root, "/proc/1/cgroup")):
        return True
    return any(word.startswith("container=") for word in _text(root, "/proc/1/environ").split("\0"))


def _recorded_processors(root: HostRoot) -> int | None:
    text = _text(root, "/proc/cpuinfo")
    return sum(line.startswith("processor") for line in text.split("\n")) or None


def _bytes(kilobytes: str | None) -> int | None:
    return None if kilobytes is None else int(kilobytes) * 1024


def _line(root: HostRoot, path: str) -> str:
    return _text(root, path).split("\n", 1)[0].strip()


def _text(root: HostRoot, path: str) -> str:
    """Return a small file, "" where there is none: each of these is one sign among several."""
    try:
        return root.read_text(path, limit_bytes=_SMALL_SIZE_BYTES).text
    except HostError:
        return ""


def _exists(root: HostRoot, path: str) -> bool:
    try:
        return root.exists(path)
    except HostError:
        return False
