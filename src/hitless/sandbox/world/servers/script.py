"""Health checks that are conversations: each step is heard byte for byte, and answered as expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hitless.sandbox.world.records import Step
    from hitless.sandbox.world.servers.layer import Layer, Sink

__all__ = ["Conversation", "find_script"]


def find_script(scripts: Sequence[tuple[Step, ...]], data: bytes) -> tuple[Step, ...] | None:
    """Return the script that these first bytes begin; () if none does; None if more bytes could begin one."""
    begun = [s for s in scripts if s[0].hear_anything or data.startswith(s[0].hear)]
    if begun:
        return max(begun, key=lambda script: len(script[0].hear))
    return None if any(script[0].hear.startswith(data) for script in scripts) else ()


class Conversation:
    """Plays one script; bytes that are not in it go to the layer that follows."""

    __slots__ = ("_afterwards", "_buffer", "_sink", "_steps")

    def __init__(self, sink: Sink, script: Sequence[Step], afterwards: Callable[[], Layer]) -> None:
        self._sink = sink
        self._steps = list(reversed(script))
        self._afterwards = afterwards
        self._buffer = b""

    def speak(self) -> None:
        """Say what is said unasked."""
        while self._steps and not self._steps[-1].hear and not self._steps[-1].hear_anything:
            self._say(self._steps.pop())

    def feed(self, data: bytes) -> None:
        """Answer each step that is heard."""
        self._buffer += data
        while self._steps and self._buffer:
            step = self._steps[-1]
            if step.hear_anything:
                self._buffer = b""
            elif self._buffer.startswith(step.hear):
                self._buffer = self._buffer[len(step.hear) :]
            elif step.hear.startswith(self._buffer):
                return
            else:
                break
            self._steps.pop()
            self._say(step)
            self.speak()
        if self._buffer:
            self._leave()

    def end(self) -> None:
        """Close: the check is over."""
        self._sink.close()

    def drained(self) -> None:
        """What a script says is small."""

    def lost(self) -> None:
        """Nothing is kept."""
        self._buffer = b""

    def _say(self, step: Step) -> None:
        if step.say:
            self._sink.write(step.say)
        if step.hang_up:
            self._sink.close()

    def _leave(self) -> None:
        rest, self._buffer = self._buffer, b""
        layer = self._sink.layer = self._afterwards()
        layer.feed(rest)
