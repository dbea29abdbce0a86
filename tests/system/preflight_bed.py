"""The checks of the preflight on a HAProxy that a test runs."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from hitless.control.errors import CouldNotAsk
from hitless.host.inet_diag import read_listeners
from hitless.reload.look import TargetOptions, read_target
from hitless.reload.preflight.options import PreflightOptions
from hitless.reload.preflight.table import CHECKS
from hitless.reload.target import Target
from hitless.reloads import PreflightCheck
from tests.ports import free_port
from tests.system.live_haproxy import CONFIGURATION, LiveHaproxy, await_true

QUICK = PreflightOptions(ask_timeout_s=30.0, peers_timeout_s=0.5)
IMPATIENT = PreflightOptions(ask_timeout_s=1.0, peers_timeout_s=0.5)
"""For those who are known not to answer."""


def target_of(live: LiveHaproxy) -> Target:
    """Look at it now."""
    return read_target(TargetOptions(pid=live.process.pid))


def check_of(name: str, live: LiveHaproxy | Target, options: PreflightOptions = QUICK) -> PreflightCheck:
    """Ask one of them, looking at the process anew."""
    target = target_of(live) if isinstance(live, LiveHaproxy) else live
    (check,) = [c for c in CHECKS if name in c.names]
    return next(answer for answer in check.ask(target, options) if answer.name == name)


@contextmanager
def own_haproxy(
    directory: Path,
    path: str,
    *words: str,
    configuration: str = CONFIGURATION,
    wrapper: tuple[str, ...] = (),
) -> Iterator[LiveHaproxy]:
    """Start this very program with these words in place of -W and -S; everything ends with the block."""
    (directory / "run").mkdir(exist_ok=True)
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        command = [path, *words, "-f", f"{directory}/haproxy.cfg"]
        port = server.getsockname()[1]
        live = LiveHaproxy(directory, command, stack, free_port(), port, "-W" in words)
        live.write(configuration)
        live.start(wrapper=wrapper)
        await_true(lambda: any(answers(live)), "it answers")
        yield live


def answers(live: LiveHaproxy) -> Iterator[int]:
    """Yield the process that answers, if one does."""
    with suppress(CouldNotAsk):
        yield live.api.ask_info(timeout_s=1.0).pid


def listening_inodes(port: int) -> frozenset[int]:
    """The sockets that listen on a port."""
    return frozenset(listener.inode for listener in read_listeners() if listener.port == port)
