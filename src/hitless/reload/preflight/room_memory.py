"""Memory for one more generation.

The next process becomes about as large as the current one, which holds configuration, certificates, tables and the
buffers of its connections; nothing is shared between them but program text. Rough: it begins smaller, and the old one
shrinks as its connections end. So less than that is tight, and less than half of it does not fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.reload.preflight.room_finding import Fit, RoomFinding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hitless.host.memory_limits import MemoryLimit

__all__ = ["judge_memory"]

_MIB = 1024**2
_LEAST = 0.5


def judge_memory(
    resident_bytes: int, available_bytes: int | None, limits: Sequence[MemoryLimit]
) -> list[RoomFinding]:
    """Judge each bound: the host's MemAvailable (None: not known) and those of control groups.

    Units: `resident_bytes` is of the current process.
    """
    found = []
    if available_bytes is not None:
        found.append(_judge(resident_bytes, available_bytes, "available on the host", "/proc/meminfo"))
    for limit in limits:
        where = f"left in control group {limit.path} (of {_mib(limit.limit_bytes)})"
        found.append(_judge(resident_bytes, limit.free_bytes, where, f"memory limit of {limit.path}"))
    return found


def _judge(resident_bytes: int, free_bytes: int, where: str, source: str) -> RoomFinding:
    text = f"memory: {_mib(free_bytes)} {where}, the current process holds {_mib(resident_bytes)}"
    if free_bytes < _LEAST * resident_bytes:
        return RoomFinding(f"{text}: a second one does not fit", Fit.DOES_NOT_FIT, source)
    if free_bytes < resident_bytes:
        return RoomFinding(f"{text}: a second one as large does not fit", Fit.TIGHT, source)
    return RoomFinding(text, Fit.FITS, source)


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / _MIB:.0f} MiB"
