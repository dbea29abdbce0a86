"""Which way of reloading is used: chosen from what was asked, the mode, the version and the configuration."""

from dataclasses import dataclass
from enum import StrEnum

from hitless.errors import UsageError
from hitless.facts.instance import RunMode as Mode

__all__ = ["Mechanism", "Mode", "Via", "choose_mechanism"]


class Via(StrEnum):
    """How the reload is triggered."""

    AUTO = "auto"
    USR2 = "usr2"
    HUP = "hup"
    MASTER_CLI = "master-cli"
    SF = "sf"
    SF_X = "sf-x"
    RESTART = "restart"
    COMMAND = "command"


_MODES_OF = {
    Via.USR2: Mode.MASTER_WORKER,
    Via.HUP: Mode.MASTER_WORKER,
    Via.MASTER_CLI: Mode.MASTER_WORKER,
    Via.SF: Mode.CLASSIC,
    Via.SF_X: Mode.CLASSIC,
}

MASTER_CLI_SYNCHRONOUS = (2, 7)
"""`reload` on the master CLI answers when the reload is done from here on. Source: HAProxy 2.7-dev7 src/cli.c."""


@dataclass(frozen=True, slots=True)
class Mechanism:
    """The way chosen, and why in a few words."""

    via: Via
    mode: Mode
    why: str


def choose_mechanism(
    via: Via, mode: Mode | None, *, version: tuple[int, int], transfer_socket: str | None
) -> Mechanism:
    """Decide how a HAProxy of this version is run and reloaded.

    `transfer_socket` is the path of a stats socket with `expose-fd listeners`, which classic mode needs for `-x`.

    Raises: UsageError if what was asked contradicts itself or the configuration.
    """
    wanted = _MODES_OF.get(via)
    if mode is not None and wanted is not None and mode is not wanted:
        raise UsageError(
            f"--via {via} reloads a HAProxy in {wanted} mode, but --mode {mode} was asked for.",
            hint=f"Leave --mode out, or choose a way that {mode} mode has.",
        )
    if via is Via.SF_X and transfer_socket is None:
        raise UsageError(
            "--via sf-x hands the listening sockets over through a stats socket, and the configuration has none with "
            "`expose-fd listeners`.",
            hint="Add to `global`: stats socket /run/haproxy/admin.sock mode 660 level admin expose-fd listeners",
        )
    chosen_mode = mode or wanted or Mode.MASTER_WORKER
    if via is not Via.AUTO:
        return Mechanism(via, chosen_mode, "asked for")
    if chosen_mode is Mode.CLASSIC:
        if transfer_socket is not None:
            return Mechanism(
                Via.SF_X, chosen_mode, "classic mode with a stats socket that exposes its listeners"
            )
        return Mechanism(Via.SF, chosen_mode, "classic mode; no stats socket has `expose-fd listeners`")
    if version >= MASTER_CLI_SYNCHRONOUS:
        return Mechanism(Via.MASTER_CLI, chosen_mode, "the master CLI's reload is synchronous from 2.7 on")
    return Mechanism(Via.USR2, chosen_mode, "before 2.7 the master CLI does not wait for the reload")
