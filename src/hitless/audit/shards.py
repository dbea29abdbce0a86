"""How many listening sockets a bind line opens for each of its addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hitless.config.model import Bind
    from hitless.subject import Subject

__all__ = ["shards_by_cpu", "shards_of"]

_DEFAULT = "tune.listener.default-shards"


def shards_of(subject: Subject, bind: Bind) -> int | None:
    """Return the number of sockets for each address of a bind; None where it depends on threads or cannot be read.

    Source: HAProxy 2.8 configuration.txt section 5.1 `shards`, section 3.2 `tune.listener.default-shards`.
    """
    text = _setting(subject, bind)
    if text == "by-process":
        return 1
    return int(text[:6]) if text.isdecimal() and int(text[:6]) else None


def shards_by_cpu(subject: Subject, bind: Bind) -> str:
    """Return the setting that makes the number follow the machine's processors ("shards by-thread"), "" if none does.

    With `nbthread` the number of threads is fixed, and so is that of shards.
    """
    text = _setting(subject, bind)
    if text not in {"by-thread", "by-group"} or subject.in_global("nbthread"):
        return ""
    if text == "by-group" and not subject.in_global("thread-groups"):
        return ""
    return f"shards {text}" if bind.has("shards") else f"{_DEFAULT} {text}"


def _setting(subject: Subject, bind: Bind) -> str:
    values = bind.options.get("shards")
    if values:
        return values[-1]
    lines = [d for d in subject.in_global(_DEFAULT) if len(d.words) > 1]
    return lines[-1].words[1] if lines else "by-process"
