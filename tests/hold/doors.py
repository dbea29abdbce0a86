"""A loop that runs beside a test, for doors to be knocked at."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from hitless.hold.door import Door
from hitless.hold.loop import Loop


@contextmanager
def opened(door: Door, loop: Loop) -> Iterator[None]:
    """Serve until the block ends; the door is closed then."""
    ended = threading.Event()

    def run() -> None:
        while not ended.is_set():
            loop.run_once(0.01)
            door.drop_late(time.monotonic())

    door.open()
    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        door.close()
        loop.close()
