"""Sockets that HAProxy was started with (`bind fd@3`, systemd's socket activation): a check needs them too.

Without them `haproxy -c` refuses a configuration that the master, which has them, would load: "cannot use file
descriptor '3' : Bad file descriptor" (2.2 to 3.2). So the check gets duplicates of them, under the same numbers.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.errors import HitlessError
from hitless.host.descriptors import duplicate_descriptor
from hitless.host.errors import Gone
from hitless.host.process_handle import ProcessHandle
from hitless.subject.binds import every_bind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hitless.subject import Subject

__all__ = ["Inherited", "inherited", "wanted_descriptors"]

_HIGHEST = 1023
_UNDER_THEIR_NUMBERS = (
    "import os, sys\n"
    "for pair in sys.argv[1].split(','):\n"
    "    os.dup2(*map(int, pair.split(':')))\n"
    "os.execvp(sys.argv[2], sys.argv[2:])\n"
)


@dataclass(frozen=True, slots=True)
class Inherited:
    """What to put before a command, and which descriptors of ours it needs; `problem`: why it has none."""

    prefix: tuple[str, ...] = ()
    descriptors: tuple[int, ...] = ()
    problem: str = ""


def wanted_descriptors(subject: Subject) -> tuple[int, ...]:
    """Return the numbers that the configuration binds, ascending."""
    texts = {a.host for owned in every_bind(subject) for a in owned.bind.addresses if a.kind == "fd"}
    numbers = {int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 5}
    return tuple(sorted(number for number in numbers if 2 < number <= _HIGHEST))


@contextlib.contextmanager
def inherited(pid: int, numbers: Sequence[int]) -> Iterator[Inherited]:
    """Yield how a command gets what this process has open under these numbers.

    One that the process does not have is left out: HAProxy would miss it in the reload as well.
    """
    if not numbers:
        yield Inherited()
        return
    with contextlib.ExitStack() as stack:
        pairs = []
        try:
            process = stack.enter_context(ProcessHandle(pid))
            for number in numbers:
                with contextlib.suppress(Gone):
                    pairs.append((_out_of_the_way(duplicate_descriptor(process, number), stack), number))
        except HitlessError as error:
            yield Inherited(problem=f"the sockets that HAProxy was started with are missing: {error.message}")
            return
        words = ",".join(f"{ours}:{theirs}" for ours, theirs in pairs)
        prefix = (sys.executable, "-I", "-S", "-c", _UNDER_THEIR_NUMBERS, words) if pairs else ()
        yield Inherited(prefix, tuple(ours for ours, _ in pairs))


def _out_of_the_way(descriptor: int, stack: contextlib.ExitStack) -> int:
    """Return it under a number that none of the wanted ones can be, until the stack ends."""
    try:
        moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _HIGHEST + 1)
    finally:
        os.close(descriptor)
    stack.callback(os.close, moved)
    return moved
