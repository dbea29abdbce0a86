"""What becomes of each listening socket in the reload: handed over, opened anew, new, closed. Pure.

Source: HAProxy 2.8 src/sock.c sock_find_compatible_fd(), sock_get_old_sockets(), src/cli.c _getsocks(); 2.2
src/proto_tcp.c tcp_find_compatible_fd(). Each row tried on 2.2.9, 2.6.12, 2.8.25, 3.0.11 and 3.2.26.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.reload.preflight.receivers import Kind, Receiver
from hitless.reloads import ListenerChange, ListenerFate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hitless.facts import ListeningSocket
    from hitless.reload.preflight.socket_view import SeenSocket, SocketKey

__all__ = ["BindPlan", "PlannedBind", "plan_binds"]

_READS_FROM_SOCKET = (2, 3)
"""From here on `v6only` is read from the socket; before, HAProxy compared what the two bind lines say."""
_KNOWS_ITS_UNIX_SOCKETS = ((2, 8), (2, 6, 11))
"""From here on, and up to 2.2: between them a unix socket with a path is not recognised, since the kernel has the name
that it was first bound to. Source: commit 2a7903bbb, 2.8-dev5, backported; in 2.6.11 by its changelog."""
_LISTENING = frozenset({Kind.TCP, Kind.UNIX, Kind.ABSTRACT, Kind.DESCRIPTOR})


@dataclass(frozen=True, slots=True)
class PlannedBind:
    """A receiver of the new configuration and what becomes of its socket."""

    receiver: Receiver
    change: ListenerChange

    @property
    def is_bound(self) -> bool:
        """HAProxy will call bind() for it."""
        return self.change.fate in {
            ListenerFate.NEW,
            ListenerFate.OPENED_ANEW,
        } and self.receiver.kind not in {
            Kind.DESCRIPTOR,
            Kind.NAME,
        }

    @property
    def is_new_tcp(self) -> bool:
        """It must be known to succeed before the live worker is touched."""
        return self.receiver.kind is Kind.TCP and self.change.fate is ListenerFate.NEW


@dataclass(frozen=True, slots=True)
class BindPlan:
    """All of it, in the configuration's order."""

    binds: tuple[PlannedBind, ...]
    removed: tuple[ListenerChange, ...] = ()

    @property
    def changes(self) -> tuple[ListenerChange, ...]:
        """What becomes of each listening address; what is closed is last."""
        return (*(planned.change for planned in self.binds), *self.removed)

    @property
    def of_service(self) -> tuple[ListenerChange, ...]:
        """The changes without the master's own CLI, which comes and goes with each reload."""
        masters = {planned.change.endpoint for planned in self.binds if planned.receiver.of_master}
        return tuple(change for change in self.changes if change.endpoint not in masters)

    @property
    def watched(self) -> frozenset[str]:
        """The addresses that the process which is to serve must be seen to listen on.

        Not the master's own CLI, nor UDP sockets (who reads one cannot be seen), nor what is in a network namespace of
        its own.
        """
        return frozenset(
            planned.change.endpoint
            for planned in self.binds
            if planned.receiver.kind in _LISTENING
            and not planned.receiver.of_master
            and not planned.receiver.namespace
            and not planned.change.endpoint.startswith("fd@")
        )

    @property
    def unwatched(self) -> int:
        """How many binds are not among `watched`, the master's CLI aside."""
        return sum(
            planned.change.endpoint not in self.watched and not planned.receiver.of_master
            for planned in self.binds
        )

    def of(self, fate: ListenerFate) -> tuple[PlannedBind, ...]:
        """Return the binds with this fate."""
        return tuple(planned for planned in self.binds if planned.change.fate is fate)


def plan_binds(
    receivers: Iterable[Receiver],
    held: Sequence[SeenSocket],
    *,
    transfer: bool,
    version: tuple[int, ...],
    interfaces: Mapping[str, Mapping[str, int]],
) -> BindPlan:
    """Return what becomes of each listening socket.

    `held` are the sockets of the process that serves now (and of the master: its CLI); `transfer` says whether this
    reload hands sockets over at all; `version` (0, 0, 0) is taken for a new one. `interfaces` are the indexes of
    devices by name, of each network namespace ("" for the service's own).
    """
    pool: defaultdict[SocketKey, list[SeenSocket]] = defaultdict(list)
    for socket in held:
        pool[socket.key].append(socket)
    matcher = _Matcher(transfer, version, interfaces)
    binds = []
    bound_again: set[SocketKey] = set()
    for receiver in receivers:
        key = (receiver.kind, receiver.namespace, receiver.family, receiver.endpoint)
        change = matcher.change(receiver, pool.get(key, []))
        bound_again.add(key)
        binds.append(PlannedBind(receiver, change))
    taken = {inode for planned in binds for inode in planned.change.inodes_before}
    return BindPlan(tuple(binds), tuple(_removed(pool, taken, bound_again)))


@dataclass(frozen=True, slots=True)
class _Matcher:
    transfer: bool
    version: tuple[int, ...]
    interfaces: Mapping[str, Mapping[str, int]]

    def change(self, receiver: Receiver, left: list[SeenSocket]) -> ListenerChange:
        """Return what becomes of one receiver; what it is given is taken out of `left`."""
        endpoint, where = _endpoint(receiver), receiver.bind.where
        refusals = {socket.inode: self._refusal(receiver, socket) for socket in left}
        fitting = [socket for socket in left if not refusals[socket.inode]]
        if fitting:
            given = fitting[: receiver.sockets]
            left[:] = [socket for socket in left if socket not in given]
            inodes = tuple(socket.inode for socket in given)
            missing = (receiver.sockets or len(given)) - len(given)
            why = f"{missing} more socket{'s' if missing > 1 else ''} for this address" if missing > 0 else ""
            return ListenerChange(
                endpoint=given[0].shown or endpoint,
                fate=ListenerFate.INHERITED,
                inodes_before=inodes,
                inodes_after=inodes,
                where=where,
                why=why,
            )
        if left:
            before = tuple(socket.inode for socket in left)
            why = refusals[before[0]]
            left.clear()
            return ListenerChange(
                endpoint=endpoint,
                fate=ListenerFate.OPENED_ANEW,
                inodes_before=before,
                where=where,
                why=why,
            )
        return ListenerChange(endpoint=endpoint, fate=ListenerFate.NEW, where=where)

    def _refusal(self, receiver: Receiver, socket: SeenSocket) -> str:
        """Return why HAProxy does not take a socket of this address over, "" if it does."""
        if receiver.kind is Kind.DESCRIPTOR:
            return ""
        if receiver.of_master:
            return "the master opens its CLI anew at each reload"
        if not self.transfer:
            return "this reload hands no sockets over"
        if receiver.kind is Kind.UNIX and not self._knows_unix_sockets():
            return "this version does not recognise its own unix sockets (up to 2.6.10)"
        if receiver.inet is None:
            return ""
        return self._differing_option(receiver, socket)

    def _differing_option(self, receiver: Receiver, socket: SeenSocket) -> str:
        why = ""
        if socket.foreign is not None and socket.foreign is not receiver.transparent:
            why = "`transparent` is new" if receiver.transparent else "`transparent` is gone"
        elif receiver.kind is Kind.UDP and (receiver.interface or receiver.namespace):
            word = "interface" if receiver.interface else "namespace"
            why = f"HAProxy does not hand over a datagram socket with `{word}`"
        elif self._interface(receiver) != socket.interface:
            why = "`interface` is another one" if receiver.interface else "`interface` is gone"
        elif receiver.family == 6 and receiver.v6_only is not socket.v6_only:
            why = self._differing_family(receiver, socket)
        return why

    def _differing_family(self, receiver: Receiver, socket: SeenSocket) -> str:
        if socket.inet is None or _is_any(socket.inet):
            return "it is IPv6 alone now" if receiver.v6_only else "it takes IPv4 too now"
        # The kernel makes a socket on one IPv6 address IPv6 only, whatever its bind says.
        if self.version[0] and self.version[:2] < _READS_FROM_SOCKET:
            return ""
        return "a socket on one IPv6 address is not handed over without `v6only` on its bind"

    def _interface(self, receiver: Receiver) -> int:
        """Return the device that a socket of this bind has; one that is not there is left out by HAProxy."""
        return self.interfaces.get(receiver.namespace, {}).get(receiver.interface, 0)

    def _knows_unix_sockets(self) -> bool:
        newer, backport = _KNOWS_ITS_UNIX_SOCKETS
        if self.version[:2] < _READS_FROM_SOCKET or self.version >= newer:
            return True
        return self.version[:2] == backport[:2] and self.version >= backport


def _endpoint(receiver: Receiver) -> str:
    """Return the endpoint; one in a named namespace must not be taken for the service's own."""
    return receiver.endpoint + (f" in namespace {receiver.namespace}" if receiver.namespace else "")


def _is_any(socket: ListeningSocket) -> bool:
    return socket.address in {"::", "0.0.0.0"}  # noqa: S104 - comparing


def _removed(
    pool: Mapping[SocketKey, Sequence[SeenSocket]], taken: set[int], bound_again: set[SocketKey]
) -> Iterator[ListenerChange]:
    for key, sockets in pool.items():
        inodes = tuple(socket.inode for socket in sockets if socket.inode not in taken)
        if not inodes:
            continue
        count = f"{len(inodes)} socket{'s' if len(inodes) > 1 else ''}"
        yield ListenerChange(
            endpoint=key[3] + (f" in namespace {key[1]}" if key[1] else ""),
            fate=ListenerFate.REMOVED,
            inodes_before=inodes,
            why=f"{count} fewer for an address that stays: what waits in the queue is reset"
            if key in bound_again
            else "",
        )
