"""Which way of reloading is taken, and what it hands over: decided from what is there. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hitless.errors import UsageError
from hitless.facts import RunMode
from hitless.reload.mechanism import MASTER_CLI_SYNCHRONOUS
from hitless.reloads import CheckState, PreflightCheck

__all__ = ["Choice", "Means", "Trigger", "check_transfer", "choose_trigger"]

AUTOMATIC_TRANSFER = (2, 6)
"""A master hands its worker's sockets over by itself from here on. Source: HAProxy 2.6-dev1 2be557f7c."""


class Trigger(StrEnum):
    """What makes HAProxy reload."""

    MASTER_CLI = "master-cli"
    USR2 = "usr2"
    SYSTEMD = "systemd"
    SF_X = "sf-x"
    """A new classic process, which fetches the sockets from the old one's stats socket."""
    SF_OFFERED = "sf-offered"
    """A new classic process, to which hitless offers the sockets that it has taken from the old one."""
    SF = "sf"
    """A new classic process that binds for itself."""


_CLASSIC = frozenset({Trigger.SF_X, Trigger.SF_OFFERED, Trigger.SF})


@dataclass(frozen=True, slots=True)
class Means:
    """What there is to reload with."""

    mode: RunMode
    version: tuple[int, int]
    master_cli: bool = False
    """The master's CLI answers."""
    signal_blocked: bool = False
    """SIGUSR2 waits in the master, and is not taken."""
    unit: str = ""
    exposing: str = ""
    """A stats socket through which the current process hands over the sockets it serves; tried, not only configured."""
    can_take: bool = False
    """The sockets can be taken from the current process (pidfd_getfd)."""
    lost: str = ""
    """Why the master will not hand over this time; "" if it will, as far as it does at all."""
    no_reuseport: bool = False
    """`noreuseport` or -dR: a second socket of the same address cannot be bound beside the first."""
    migrate_req: str = ""
    """net.ipv4.tcp_migrate_req: "0", "1", "" where the kernel has none."""
    can_set: bool = False
    """It can be set: we are root, and the kernel has it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The way taken.

    `transfer`: listening sockets are handed over; `net`: the kernel's help is switched on meanwhile.
    """

    trigger: Trigger
    why: str
    transfer: bool
    transfer_why: str
    net: bool = False
    transfer_from: str = ""
    """For SF_X: the stats socket that -x is given."""


def choose_trigger(means: Means, asked: Trigger | None = None) -> Choice:
    """Return the best way there is, or the one asked for.

    Raises: UsageError if what was asked for is not to be had.
    """
    trigger, why = _asked(means, asked) if asked is not None else _best(means)
    transfer, transfer_why = _transfer(means, trigger)
    net = not transfer and means.migrate_req == "0" and means.can_set and not means.no_reuseport
    transfer_from = means.exposing if trigger is Trigger.SF_X else ""
    return Choice(trigger, why, transfer, transfer_why, net, transfer_from)


def _best(means: Means) -> tuple[Trigger, str]:
    return _best_classic(means) if means.mode is RunMode.CLASSIC else _best_of_master(means)


def _best_classic(means: Means) -> tuple[Trigger, str]:
    if means.exposing:
        return Trigger.SF_X, "classic mode, and the running process hands its sockets over"
    if means.can_take:
        why = "classic mode, and no stats socket hands over: they are taken from the process"
        return Trigger.SF_OFFERED, why
    return Trigger.SF, "classic mode, and its sockets can neither be asked for nor taken"


def _best_of_master(means: Means) -> tuple[Trigger, str]:
    if means.master_cli and means.version >= MASTER_CLI_SYNCHRONOUS:
        return Trigger.MASTER_CLI, "the master's CLI says whether the reload worked"
    if not means.signal_blocked:
        old = "before 2.7 the master's CLI does not wait for the reload"
        return Trigger.USR2, old if means.master_cli else "the master has no CLI that answers"
    if means.master_cli:
        return Trigger.MASTER_CLI, "SIGUSR2 is stuck in the master; its CLI still works"
    raise UsageError(
        "SIGUSR2 is blocked in the master, and it has no CLI: it can be neither signalled nor asked.",
        hint="Known of HAProxy 3.1 to 3.3 after a failed reload. Only a restart helps.",
    )


def _asked(means: Means, asked: Trigger) -> tuple[Trigger, str]:
    lacking = ""
    if (asked in _CLASSIC) != (means.mode is RunMode.CLASSIC):
        lacking = f"this HAProxy runs in {means.mode} mode"
    elif asked is Trigger.MASTER_CLI and not means.master_cli:
        lacking = "the master has no CLI that answers"
    elif asked is Trigger.USR2 and means.signal_blocked:
        lacking = "SIGUSR2 is blocked in the master"
    elif asked is Trigger.SYSTEMD and not means.unit:
        lacking = "it belongs to no systemd unit"
    elif asked is Trigger.SF_X and not means.exposing:
        lacking = "no stats socket of the running process hands over its sockets"
    elif asked is Trigger.SF_OFFERED and not means.can_take:
        lacking = "its sockets cannot be taken from it (root, and Linux 5.6 or later)"
    if lacking:
        raise UsageError(f"--via {asked} is not to be had: {lacking}.")
    return asked, "asked for"


def _transfer(means: Means, trigger: Trigger) -> tuple[bool, str]:
    by_trigger = {
        Trigger.SF: (False, "-sf alone hands nothing over"),
        Trigger.SF_X: (True, f"through the stats socket {means.exposing}"),
        Trigger.SF_OFFERED: (True, "taken from the running process and offered to the new one"),
    }
    if trigger in by_trigger:
        return by_trigger[trigger]
    if means.lost:
        return False, means.lost
    if means.version >= AUTOMATIC_TRANSFER:
        return True, "through the master's own socket pair"
    if means.exposing:
        return True, f"through the stats socket {means.exposing}"
    return False, "before 2.6 a master hands over only through a stats socket with `expose-fd listeners`"


def check_transfer(means: Means, choice: Choice) -> PreflightCheck:
    """Return what becomes of connections that wait in the listening sockets' queues."""
    name = "socket-transfer"
    if choice.transfer:
        return PreflightCheck(
            name=name,
            state=CheckState.PASSED,
            message=f"Listening sockets are handed over {choice.transfer_why}.",
        )
    lost = f"Listening sockets are not handed over: {choice.transfer_why}"
    if means.no_reuseport:
        return PreflightCheck(
            name=name,
            state=CheckState.FAILED,
            message=f"{lost}; with `noreuseport` the old process must stop listening before the new one can bind.",
            hint="Remove noreuseport (or -dR), or let sockets be handed over.",
        )
    if means.migrate_req == "1" or choice.net:
        how = "is set" if means.migrate_req == "1" else "is set for the time of this reload"
        return PreflightCheck(
            name=name,
            state=CheckState.WARNED,
            message=f"{lost}. net.ipv4.tcp_migrate_req {how}: the kernel moves waiting connections to the new sockets.",
        )
    return PreflightCheck(
        name=name,
        state=CheckState.FAILED,
        message=f"{lost}, and the kernel does not move waiting connections: each in a queue would be reset.",
        hint=(
            "As root hitless sets net.ipv4.tcp_migrate_req for the time of the reload."
            if means.migrate_req == "0"
            else "This kernel cannot move them (Linux 5.14 can): a restart in a quiet moment, or `--force`."
        ),
    )
