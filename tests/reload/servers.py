"""Little servers that stand for HAProxy's sockets: they answer one line with one text."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

INFO = "Version: 2.8.0\nPid: {pid}\nUptime_sec: 5\nStopping: {stopping}\n"


@contextmanager
def answering(path: Path, answer: Callable[[str], str]) -> Iterator[str]:
    """Listen on a unix socket; each connection's command is answered, and the connection closed."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen(16)

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(60)
                try:
                    connection.sendall(answer(connection.recv(4096).decode().strip()).encode())
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield str(path)
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()


def info(pid: int, *, stopping: bool = False) -> str:
    return INFO.format(pid=pid, stopping=int(stopping))
