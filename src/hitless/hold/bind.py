"""Bind what a configuration says, where no HAProxy runs that could be asked, and give it to the holder.

Clients wait from then on; the first HAProxy that asks the holder gets these sockets, and takes them for its own. Unix
sockets with a path, UDP and inherited descriptors are left to HAProxy.
"""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack

from hitless.control.errors import CouldNotAsk
from hitless.control.fd_passing import SocketRecord
from hitless.control.socket_offer import SocketOffer
from hitless.control.socket_transfer import PassedListener
from hitless.errors import ReloadError
from hitless.gather import GatherOptions, gather_snapshot
from hitless.hold.client import ask
from hitless.hold.instance import InstanceSpec
from hitless.hold.places import control_path
from hitless.reload.preflight.receivers import Kind, Receiver, Surroundings, receivers, uses_reuse_port
from hitless.reload.preflight.trial_child import Namespaces, bind_address
from hitless.reload.preflight.trial_plan import address_trial
from hitless.subject import Subject

__all__ = ["bind_configuration", "bind_receivers", "receivers_to_bind"]

_BACKLOG = 4096
_TIMEOUT_S = 15.0


def bind_configuration(directory: str, instance: InstanceSpec) -> int:
    """Bind, hand over, and return how many sockets are held anew; addresses that somebody listens on are left alone.

    Raises: ConfigError, ControlError; ReloadError if an address cannot be bound: then nothing is.
    """
    snapshot = gather_snapshot(GatherOptions(files=(instance.configuration,), check=False))
    subject = Subject(snapshot, snapshot.instances[0])
    with ExitStack() as stack:
        wanted = tuple(receivers_to_bind(subject))
        passed = bind_receivers(wanted, stack, reuse_port=uses_reuse_port(subject))
        if not passed:
            return 0
        offer = stack.enter_context(SocketOffer(passed))
        request: dict[str, object] = {"op": "take", "name": instance.name, "from": offer.path}
        taken = ask(control_path(directory), request, timeout_s=_TIMEOUT_S).get("taken")
        if taken != len(passed):
            raise CouldNotAsk(f"the holder has taken {taken} of {len(passed)} sockets")
        return len(passed)


def receivers_to_bind(subject: Subject) -> Iterator[Receiver]:
    """Return the TCP and abstract addresses of a configuration; names are resolved by HAProxy alone.

    Raises: ReloadError for a name in the place of an address: it may mean another one when HAProxy starts.
    """
    with open("/proc/sys/net/ipv6/bindv6only", encoding="ascii") as file:  # noqa: PTH123
        v6_only = file.read(8).strip() == "1"
    for receiver in receivers(subject, Surroundings({}, v6_only_default=v6_only)):
        if receiver.kind is Kind.NAME:
            raise ReloadError(f"{receiver.title} is a name: HAProxy has to bind it.")
        if receiver.kind in {Kind.TCP, Kind.ABSTRACT} and not receiver.of_master:
            yield receiver


def bind_receivers(
    wanted: tuple[Receiver, ...], stack: ExitStack, *, reuse_port: bool
) -> tuple[PassedListener, ...]:
    """Return a listening socket for each address on which nobody listens; the stack closes our descriptors.

    A port is shared (SO_REUSEPORT) only after it was bound: who listens there already would lose clients to us.

    Raises: ReloadError
    """
    own = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    stack.callback(os.close, own)
    namespaces = Namespaces({os.fsencode(r.namespace) for r in wanted if r.namespace}, own)
    made: list[PassedListener] = []
    for receiver in wanted:
        sock, result = bind_address(address_trial(receiver, reuse_port=False), namespaces)
        if sock is None and result.errno == errno.EADDRINUSE:
            continue
        if sock is None:
            raise ReloadError(f"{receiver.title} cannot be bound: {os.strerror(result.errno)}.")
        stack.callback(sock.close)
        if reuse_port and receiver.kind is Kind.TCP:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.listen(_backlog(receiver))
        made.append(PassedListener(sock.fileno(), SocketRecord(receiver.namespace, receiver.interface)))
    return tuple(made)


def _backlog(receiver: Receiver) -> int:
    said = next(iter(receiver.bind.options.get("backlog", ())), "")
    return int(said) if said.isascii() and said.isdigit() else _BACKLOG
