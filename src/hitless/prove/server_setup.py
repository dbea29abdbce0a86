"""Servers whose health check no simulated server can satisfy: held up through the runtime API, in every new worker."""

from collections.abc import Sequence

from hitless.control.runtime_api import MasterCli
from hitless.errors import ControlError
from hitless.records import StandIn
from hitless.reload.mechanism import Mode
from hitless.sandbox.world.records import CannotImitate

__all__ = ["ServerSetup"]

TIMEOUT_S = 5.0

_COMMANDS = ("disable health {}", "set server {} state ready", "set server {} health up")


class ServerSetup:
    """Sets the servers of a list up. State is lost at each reload, so it is applied to each new worker."""

    def __init__(self, servers: Sequence[CannotImitate], master_socket: str, mode: Mode) -> None:
        self._servers = servers
        self._master_socket = master_socket
        self._mode = mode
        self._failed: dict[str, str] = {}

    def apply(self, pid: int) -> None:
        """Stop the health checks of these servers in one worker and declare them up."""
        if not self._servers or self._mode is not Mode.MASTER_WORKER:
            return
        master = MasterCli(self._master_socket)
        for server in self._servers:
            name = f"{server.backend}/{server.server}"
            try:
                for command in _COMMANDS:
                    answer = master.ask_worker(pid, command.format(name), timeout_s=TIMEOUT_S).strip()
                    if answer:  # HAProxy says nothing where it did what it was told
                        self._failed[name] = answer
            except ControlError as error:
                self._failed[name] = error.message

    @property
    def stand_ins(self) -> tuple[StandIn, ...]:
        """What the report says of it."""
        how = "held up through the runtime API"
        if self._mode is not Mode.MASTER_WORKER:
            how = "not imitated: without a master CLI it cannot be held up"
        return tuple(
            StandIn(
                kind="health-check",
                name=f"{server.backend}/{server.server}",
                where=server.where,
                what=f"{server.why}; {self._failed.get(f'{server.backend}/{server.server}', how)}",
            )
            for server in self._servers
        )
