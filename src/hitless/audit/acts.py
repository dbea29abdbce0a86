"""What is done to HAProxy by a script or a unit, as values, and which names of services are a HAProxy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["Act", "Action", "names_haproxy"]


class Action(StrEnum):
    """What one line of a script does to HAProxy."""

    RESTART = "restart"
    RELOAD = "reload"
    """`systemctl reload-or-restart` too: it restarts only a unit that cannot reload (systemctl(1)); see `detail`."""
    STOP = "stop"
    START = "start"
    SIGNAL = "signal"
    """kill, pkill, killall, systemctl kill, docker kill: `detail` is the signal without SIG ("TERM", "USR2", …)."""
    SPAWN = "spawn"
    """A haproxy is started by hand: `detail` is its command line."""
    CHECK = "check"
    MASTER_CLI = "master-cli"
    """`reload` or `hard-reload`, which is `detail`, is written to a socket."""


@dataclass(frozen=True, slots=True)
class Act:
    """One line (continuations joined) that touches HAProxy. `line` counts from 1."""

    action: Action
    line: int
    text: str
    detail: str = ""
    word: str = ""
    """What stands in the line and does it, for underlining; it may differ where variables were put in."""


# Words that may stand around "haproxy" in the name of a service that is a HAProxy; any other makes it something else
# ("haproxy-exporter", "haproxy_dataplane").
_INSTANCE_WORDS = (
    r"\d[\w.]*|lb|int|ext|internal|external|public|private|pub|edge|dmz|main|prod|production|staging|blue|green|"
    r"http|https|tcp|ssl|tls|www|web|api|server"
)
_NAME = re.compile(
    rf"(?:\w[\w.]*[-_])?haproxy(?:\d[\w.]*)?(?:[-_](?:{_INSTANCE_WORDS}|haproxy))*(?:@[\w.@:\\-]*)?(?:\.service)?",
    re.IGNORECASE,
)
_ENTERPRISE = re.compile(r"hapee-\d[\w.]*-lb(?:\.service)?")


def names_haproxy(word: str, services: Collection[str] = ()) -> bool:
    """Return whether this is the name of a unit, container or init script that is a HAProxy."""
    name = word.strip("\"'\\,]").rpartition("/")[2]
    known = {n.removesuffix(".service") for n in services}
    return bool(
        _NAME.fullmatch(name) or _ENTERPRISE.fullmatch(name) or name.removesuffix(".service") in known
    )
