"""A channel whose other end the test holds."""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from hitless.prove.channel import EVENTS_FILE, Channel
from hitless.prove.protocol import Message, decode_message
from hitless.records import Event


class Pipes:
    """The pipes between hitless and its child, and the bundle's directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        self.messages_end, output = os.pipe2(os.O_CLOEXEC)
        control, self.control_end = os.pipe2(os.O_CLOEXEC)
        self._child_ends = [output, control]
        self.channel = Channel(output, control, self._fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.channel._events.close()
        for descriptor in (self._fd, self.messages_end, *self._child_ends):
            os.close(descriptor)
        self.hang_up()

    def answer(self) -> None:
        """Say the one byte that lets the child go on."""
        os.write(self.control_end, b"g")

    def hang_up(self) -> None:
        """Go away, as hitless does when it is killed."""
        if self.control_end >= 0:
            os.close(self.control_end)
            self.control_end = -1

    def said(self) -> list[Message]:
        """Return what the child has said so far."""
        os.set_blocking(self.messages_end, False)
        try:
            return [decode_message(line) for line in os.read(self.messages_end, 1 << 20).splitlines()]
        except BlockingIOError:
            return []

    def events(self) -> list[Event]:
        """Return the events that were kept; the channel is closed with it."""
        self.channel.close()
        lines = (self._directory / EVENTS_FILE).read_bytes().splitlines()
        return [msgspec.json.decode(line, type=Event) for line in lines]
