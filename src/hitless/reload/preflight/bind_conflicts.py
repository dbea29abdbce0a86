"""Judge IP addresses and abstract names: who is in the way, what is missing, what the trial said. Pure.

Source: Linux v6.18 net/ipv4/inet_connection_sock.c inet_csk_get_port(), net/ipv4/udp.c udp_lib_get_port(),
net/unix/af_unix.c unix_bind_abstract(); socket(7) SO_REUSEPORT.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.findings import Evidence
from hitless.reload.preflight.bind_facts import CHECK, BindFacts, consequence, error_text
from hitless.reload.preflight.bound_twice import Earlier, bound_twice
from hitless.reload.preflight.receivers import Kind, Receiver
from hitless.reloads import CheckState, PreflightCheck

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.reload.preflight.bind_plan import PlannedBind
    from hitless.reload.preflight.neighbours import Neighbours
    from hitless.reload.preflight.socket_view import SeenSocket
    from hitless.reload.preflight.trial_task import AddressResult

__all__ = ["judge_addresses"]

_NET_BIND_SERVICE = 10
_FIRST_FREE_PORT = 1024


def judge_addresses(facts: BindFacts, neighbours: Neighbours) -> Iterator[PreflightCheck]:
    """Yield what is wrong with the TCP, UDP and abstract addresses that HAProxy will have to bind."""
    earlier = Earlier(facts)
    gaps: list[_Case] = []
    for position, planned in enumerate(facts.plan.binds):
        receiver = planned.receiver
        if planned.is_bound and receiver.kind is not Kind.UNIX:
            case = _Case(facts, planned, neighbours.of(receiver), facts.tried.get(position))
            checks = list(case.judge())
            gaps += [case] if case.has_gap else []
            twice = earlier.in_the_way_of(receiver)
            if twice is not None and not any(check.stops for check in checks):
                checks.append(bound_twice(facts, receiver, twice))
            yield from checks
        earlier.add(receiver)
    if gaps:
        yield _gap(gaps)


@dataclass(frozen=True, slots=True)
class _Case:
    """One address that is to be bound."""

    facts: BindFacts
    planned: PlannedBind
    around: list[SeenSocket]
    result: AddressResult | None
    """None: it was not tried."""

    @property
    def receiver(self) -> Receiver:
        return self.planned.receiver

    @property
    def foreign(self) -> list[SeenSocket]:
        return [socket for socket in self.around if not self.facts.is_own(socket)]

    @property
    def own(self) -> list[SeenSocket]:
        return [socket for socket in self.around if self.facts.is_own(socket)]

    @property
    def has_gap(self) -> bool:
        """The old process has to stop listening before the new one can bind this."""
        result = self.result
        return (
            result is not None
            and (result.step, result.errno) == ("bind", errno.EADDRINUSE)
            and bool(self.own)
            and not self.foreign
            and not self.facts.transfer
            and not self.receiver.of_master
        )

    def judge(self) -> Iterator[PreflightCheck]:
        result = self.result
        if self.receiver.kind is Kind.UDP and self.foreign:
            yield self._udp_held(self.foreign[0])
            return
        if result is None:
            return  # said once for all that could not be tried
        if result.interface_errno:
            yield self._no_interface(result.interface_errno)
        if result.step == "bind" and result.errno == errno.EADDRINUSE:
            yield from self._in_use()
        elif result.step:
            yield self._refused(result)
        elif self.receiver.kind is Kind.TCP:
            yield from self._shared()

    def _fail(self, message: str, hint: str, *evidence: Evidence) -> PreflightCheck:
        return PreflightCheck(
            name=CHECK, state=CheckState.FAILED, message=message, hint=hint, evidence=evidence
        )

    def _warn(self, message: str, hint: str, *evidence: Evidence) -> PreflightCheck:
        return PreflightCheck(
            name=CHECK, state=CheckState.WARNED, message=message, hint=hint, evidence=evidence
        )

    def _then(self) -> str:
        return consequence(self.facts, self.receiver)

    def _udp_held(self, socket: SeenSocket) -> PreflightCheck:
        return self._fail(
            f"{self.receiver.title} is held by {socket.holder}: HAProxy could not bind it, or would take its datagrams",
            _end_or_move(socket),
            _seen(socket),
        )

    def _no_interface(self, number: int) -> PreflightCheck:
        name = self.receiver.interface
        what = "does not exist" if number == errno.ENODEV else f"cannot be bound to ({error_text(number)})"
        return self._warn(
            f"{self.receiver.title}: interface {name} {what}, and HAProxy would listen on every interface",
            "Name an interface that the host has.",
            Evidence(text=f"SO_BINDTODEVICE {name}: {error_text(number)}", source="trial bind"),
        )

    def _in_use(self) -> Iterator[PreflightCheck]:
        if self.foreign:
            socket = self.foreign[0]
            yield self._fail(
                f"{self.receiver.title} is held by {socket.holder}: {self._then()}",
                _end_or_move(socket) + self._worse(),
                _seen(socket),
            )
        elif self.own:
            yield from self._own_in_the_way(self.own[0])
        elif self.receiver.kind is Kind.UDP and self._udp_problem():
            yield PreflightCheck(
                name=CHECK,
                state=CheckState.UNKNOWN,
                message=f"{self.receiver.title} is in use, and by whom is not known: {self._udp_problem()}",
            )
        else:
            port = self.receiver.inet.port if self.receiver.inet else 0
            user = self.facts.port_users.get(port, "a socket that does not listen")
            yield self._fail(
                f"{self.receiver.title} is in use by {user}: {self._then()}",
                "Keep the ports of binds out of net.ipv4.ip_local_port_range, or reserve them: "
                "net.ipv4.ip_local_reserved_ports.",
                Evidence(text=error_text(errno.EADDRINUSE), source="trial bind"),
            )

    def _worse(self) -> str:
        """Return what a passing conflict does. Measured with a holder that left after 0.5 s, on 2.2 to 3.2."""
        if not self.facts.transfer:
            return ""
        return " Should it let go while HAProxy tries, HAProxy loads, and nobody listens on any TCP address."

    def _udp_problem(self) -> str:
        view = self.facts.views.get(self.receiver.namespace)
        return view.udp_problem if view else ""

    def _own_in_the_way(self, socket: SeenSocket) -> Iterator[PreflightCheck]:
        """Judge a bind that the instance's own socket refuses: HAProxy has the old process stop listening for it.

        Measured on 2.2.9, 2.6.12, 2.8.25, 3.0.11, 3.2.26. With transfer the pause shuts the sockets down that the new
        process has been given already: it says that it has loaded, and nobody listens on any TCP address. Without,
        the new process binds after the first pause (10 ms). 2.6.12 crashes when it gives an abstract socket up.
        """
        title, evidence = self.receiver.title, _seen(socket)
        if self.receiver.of_master:
            return  # the master closes its CLI before it opens it again
        if self.facts.transfer:
            yield self._fail(
                f"{title} cannot be bound beside {socket.endpoint}, where this HAProxy itself listens "
                f"({socket.holder}): it would pause its sockets to get it, and then nobody would listen on any TCP "
                "address",
                "Bind it in two reloads: one that takes the old address away, and one that brings the new one; or do "
                "without `noreuseport`.",
                evidence,
            )
        elif self.receiver.kind is Kind.ABSTRACT and (2, 4) <= self.facts.version <= (2, 6, 12):
            yield self._fail(
                f"{title} is given up by the old process for the new one, and in this version that ends it, with its "
                "connections",
                "A unix socket with a path in place of abns@, or a reload that hands sockets over (-x).",
                evidence,
            )

    def _refused(self, result: AddressResult) -> PreflightCheck:
        title, then = self.receiver.title, self._then()
        evidence = Evidence(text=f"{result.step}: {error_text(result.errno)}", source="trial bind")
        if result.step == "namespace":
            name = self.receiver.namespace
            return self._fail(
                f"{title}: the network namespace {name} cannot be entered ({error_text(result.errno)}): {then}",
                f"ip netns add {name}",
                evidence,
            )
        if result.errno == errno.EACCES and self._is_low_port():
            return self._fail(
                f"{title} is below {self._first_port()}, and {self.facts.binder.title} has no CAP_NET_BIND_SERVICE: "
                f"{then}",
                "AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit and a restart, or sysctl "
                "net.ipv4.ip_unprivileged_port_start.",
                evidence,
            )
        if result.errno == errno.EADDRNOTAVAIL:
            return self._absent(evidence)
        return self._fail(
            f"{title} cannot be bound by {self.facts.binder.title} ({error_text(result.errno)}): {then}",
            "Move the bind to another address.",
            evidence,
        )

    def _is_low_port(self) -> bool:
        port = self.receiver.inet.port if self.receiver.inet else 0
        return port < self._first_port() and not self.facts.binder.rights.has(_NET_BIND_SERVICE)

    def _first_port(self) -> int:
        view = self.facts.views.get(self.receiver.namespace)
        value = view.sysctls.get("net.ipv4.ip_unprivileged_port_start", "") if view else ""
        return int(value) if value.isascii() and value.isdigit() else _FIRST_FREE_PORT

    def _absent(self, evidence: Evidence) -> PreflightCheck:
        ip = str(self.receiver.inet.ip) if self.receiver.inet else self.receiver.host
        version = 6 if ":" in ip else 4
        if ip in self.facts.tentative:
            return self._fail(
                f"{self.receiver.title}: {ip} is still tentative on its interface: {self._then()}",
                "Wait until duplicate address detection is done; `ip -6 address` shows it.",
                evidence,
            )
        vip = next((v for v in self.facts.virtual if v.address == ip), None)
        whose = ""
        if vip is not None:
            instance = f", vrrp_instance {vip.instance}" if vip.instance else ""
            whose = f"; it is a virtual address of Keepalived ({vip.where}{instance})"
        return self._fail(
            f"{self.receiver.title}: {ip} is on no interface of this host{whose}: {self._then()}",
            "`transparent` on the bind line (HAProxy has no `freebind`), or sysctl "
            f"net.ipv{version}.ip_nonlocal_bind=1.",
            evidence,
        )

    def _shared(self) -> Iterator[PreflightCheck]:
        """Judge a bind that succeeds beside the socket of somebody else: of one user, both with SO_REUSEPORT."""
        receiver = self.receiver
        for socket in self.foreign:
            if socket.endpoint == receiver.endpoint and self._same_device(socket):
                yield self._fail(
                    f"{receiver.title} is held by {socket.holder} too, with SO_REUSEPORT and the same user: the kernel "
                    "would divide the connections between the two",
                    _end_or_move(socket),
                    _seen(socket),
                )
                return
        for socket in self.foreign[:1]:
            wide = receiver.inet is not None and receiver.inet.is_any
            yield self._warn(
                f"{receiver.title} leaves the connections to {socket.endpoint} to {socket.holder}"
                if wide
                else f"{receiver.title} takes its connections from {socket.holder}, which listens on {socket.endpoint}",
                _end_or_move(socket),
                _seen(socket),
            )

    def _same_device(self, socket: SeenSocket) -> bool:
        view = self.facts.views.get(self.receiver.namespace)
        return (view.interfaces.get(self.receiver.interface, 0) if view else 0) == socket.interface


def _gap(cases: list[_Case]) -> PreflightCheck:
    more = f" and {len(cases) - 1} more addresses are" if len(cases) > 1 else " is"
    return PreflightCheck(
        name=CHECK,
        state=CheckState.WARNED,
        message=f"{cases[0].receiver.title}{more} free only when the old process stops listening: clients are refused "
        "meanwhile, for about 10 ms",
        hint="A reload that hands sockets over (-x, expose-fd listeners) has no such gap.",
        evidence=tuple(_seen(case.own[0]) for case in cases[:5]),
    )


def _seen(socket: SeenSocket) -> Evidence:
    uid = f", uid {socket.inet.uid}" if socket.inet is not None else ""
    return Evidence(
        text=f"{socket.endpoint} inode {socket.inode}{uid}, held by {socket.holder}", source="sock_diag"
    )


def _end_or_move(socket: SeenSocket) -> str:
    look = f" (ps -fp {socket.pids[0]})" if socket.pids else ""
    return f"End it{look}, or move one of the two to another address."
