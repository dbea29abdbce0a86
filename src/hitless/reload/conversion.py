"""What becomes different of a HAProxy that another one replaces: its mode, its files, its program. Pure.

Source: HAProxy v2.8.0 src/haproxy.c init_args(), init(): -Ws is -W in the foreground, whatever -D and `daemon` say.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.facts import RunMode

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Conversion", "convert_arguments"]

_MODES = frozenset({"-W", "-Ws"})


@dataclass(frozen=True, slots=True)
class Conversion:
    """What the successor is, where that is not what its predecessor was."""

    mode: RunMode
    files: tuple[str, ...] = ()
    """Configuration files in place of its own; () for its own."""
    program: str = ""
    """Path of another program; "" for its own."""
    notify_socket: str = ""
    """Where a master tells systemd that it is ready (-Ws); "" for -W."""
    master_cli: str = ""
    """What -S is given; "" for the one it has, if any."""


def convert_arguments(arguments: Sequence[str], conversion: Conversion, program: str) -> tuple[str, ...]:
    """Return the command line of the successor but for its files: `program` is what is executed.

    A master executes its own first word again at each reload: a relative one is made absolute.
    """
    master = conversion.mode is RunMode.MASTER_WORKER
    dropped = {*_MODES, *(("-D",) if conversion.notify_socket else ())}
    drops_cli = not master or bool(conversion.master_cli)
    kept: list[str] = []
    words = iter(arguments[1:])
    for word in words:
        if word == "--":
            kept += [word, *words]
        elif word == "-S":
            value = next(words, "")
            kept += [] if drops_cli else [word, value]
        elif word not in dropped:
            kept.append(word)
    own_word = posixpath.isabs(arguments[0]) and not conversion.program
    first = arguments[0] if own_word else program
    if not master:
        return (first, *kept)
    cli = ("-S", conversion.master_cli) if conversion.master_cli else ()
    return (first, "-Ws" if conversion.notify_socket else "-W", *cli, *kept)
