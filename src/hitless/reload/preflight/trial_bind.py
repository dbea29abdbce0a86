"""Look at the addresses of a reload before the live worker is touched: what becomes of each, and can it be bound.

`haproxy -c` never binds. What cannot be bound makes HAProxy pause the live worker for about two seconds, in which every
client of every frontend is refused (2.2 to 3.4); and if the address becomes free within them, HAProxy says that it has
loaded and nobody listens any more (tried on 2.2.9, 2.6.12, 2.8.25, 3.0.11, 3.2.26, with transfer of sockets).
"""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from hitless.errors import EvidenceError, ReloadError
from hitless.host.accounts import Accounts
from hitless.host.addresses import read_addresses
from hitless.host.errors import HostError
from hitless.host.keepalived import read_keepalived
from hitless.host.netns import in_named_network_namespace, in_network_namespace
from hitless.host.rights import read_security_label
from hitless.host.root import HostRoot
from hitless.reload.preflight.bind_facts import CHECK, Binder, BindFacts
from hitless.reload.preflight.bind_plan import BindPlan, plan_binds
from hitless.reload.preflight.binds import judge_binds
from hitless.reload.preflight.neighbours import Neighbours
from hitless.reload.preflight.read_sockets import (
    name_holders,
    read_descriptor,
    read_namespace,
    read_port_users,
)
from hitless.reload.preflight.receivers import (
    Kind,
    Receiver,
    Surroundings,
    names_of,
    namespaces_of,
    receivers,
    uses_reuse_port,
)
from hitless.reload.preflight.starter import start_rights
from hitless.reload.preflight.trial_plan import address_trial, plan_trial
from hitless.reload.preflight.trial_run import TrialPlace, resolve_names, run_trial
from hitless.reload.preflight.trial_task import TrialTask
from hitless.reloads import CheckState, PreflightCheck

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hitless.facts import VirtualAddress
    from hitless.reload.preflight.receivers import NameQuery
    from hitless.reload.preflight.socket_view import NamespaceView, SeenSocket
    from hitless.reload.preflight.trial_task import NameResult
    from hitless.reload.target import Target

__all__ = ["check_binds", "look_at_binds"]

_NAMESPACES = "/var/run/netns"
_MOST_PORTS = 8
"""Whose connections are looked at when nobody listens on them."""
_SELINUX_COLONS = 2
"""In "user:role:type": AppArmor's labels have none, and it knows no ports."""


def check_binds(
    target: Target,
    *,
    transfer: bool,
    keepalived: Sequence[VirtualAddress] | None = None,
) -> tuple[tuple[PreflightCheck, ...], BindPlan]:
    """Return the checks named "binds", and what becomes of each listening socket (nothing, where it cannot be seen).

    `transfer` says whether this reload hands sockets over. `keepalived` are Keepalived's virtual addresses, where they
    have been read already.
    """
    try:
        look = _look(target)
        views = look.views()
        names = resolve_names(tuple(names_of(target.subject)), look.place)
        plan = look.plan(views, names, transfer=transfer)
    except (HostError, EvidenceError) as error:
        return (_unknown(error.message),), BindPlan(())
    facts = look.facts(plan, views, names, transfer=transfer)
    facts = look.tried(facts)
    facts = look.explained(facts, keepalived)
    return judge_binds(facts), plan


def look_at_binds(target: Target, *, transfer: bool) -> BindPlan:
    """Return what becomes of each listening socket; nothing is tried.

    Raises: HostError, EvidenceError if it cannot be seen.
    """
    look = _look(target)
    names = resolve_names(tuple(names_of(target.subject)), look.place)
    return look.plan(look.views(), names, transfer=transfer)


def _look(target: Target) -> _Look:
    main = target.master or target.current or next(iter(target.carriers), None)
    if main is None:
        raise HostError("no process of HAProxy was found")
    return _Look(target, main.pid)


def _unknown(why: str) -> PreflightCheck:
    return PreflightCheck(
        name=CHECK,
        state=CheckState.UNKNOWN,
        message=f"whether its addresses can be bound is not known: {why}",
        hint="Run hitless as root, in the network namespace of HAProxy or above it.",
        required=True,
    )


class _Look:
    """One look at one target."""

    def __init__(self, target: Target, main_pid: int) -> None:
        """`main_pid` is the master, or the classic process that serves.

        Raises: HostError if the rights of the process that will bind are not told.
        """
        self._target = target
        self._subject = target.subject
        self._main_pid = main_pid
        self._reuse_port = uses_reuse_port(self._subject)
        self.place = TrialPlace(main_pid, target.place, start_rights(target))

    def views(self) -> dict[str, NamespaceView]:
        """Return what is bound in the service's namespace and in those that binds name, with who holds it.

        Raises: HostError, EvidenceError if the service's own cannot be looked into.
        """
        found = {"": in_network_namespace(self._main_pid, read_namespace)}
        for name in sorted(namespaces_of(self._subject)):
            try:
                path = self._physical(f"{_NAMESPACES}/{name}")
                found[name] = in_named_network_namespace(path, partial(read_namespace, name))
            except (HostError, EvidenceError):  # the trial fails there as well, and says so
                continue
        return name_holders(found)

    def plan(
        self, views: Mapping[str, NamespaceView], names: Mapping[NameQuery, NameResult], *, transfer: bool
    ) -> BindPlan:
        """Return what becomes of each socket.

        Raises: HostError if the descriptors that are passed on cannot be looked at.
        """
        around = Surroundings(
            {query: result.address for query, result in names.items() if result.address},
            views[""].sysctls.get("net.ipv6.bindv6only") == "1",
            self._target.directory,
        )
        wanted = list(receivers(self._subject, around))
        return plan_binds(
            wanted,
            self._held(views, wanted),
            transfer=transfer,
            version=self._target.version,
            interfaces={name: view.interfaces for name, view in views.items()},
        )

    def _held(self, views: Mapping[str, NamespaceView], wanted: Sequence[Receiver]) -> list[SeenSocket]:
        """Return what the process that serves now holds, the master's CLI, and what is passed on by number."""
        target = self._target
        current = {target.current.pid} if target.current else {p.pid for p in target.carriers}
        master = {target.master.pid} if target.master else set()
        cli = {(r.kind, r.endpoint) for r in wanted if r.of_master}
        everything = [s for view in views.values() for s in view.sockets]
        held = [
            s
            for s in everything
            if current & set(s.pids) or (master & set(s.pids) and (s.kind, s.endpoint) in cli)
        ]
        for receiver in wanted:
            # A classic process passes nothing on to the next one by number.
            if receiver.kind is Kind.DESCRIPTOR and target.master is not None:
                passed = read_descriptor(target.master.pid, receiver, everything)
                held += [passed] if passed else []
        return held

    def facts(
        self,
        plan: BindPlan,
        views: Mapping[str, NamespaceView],
        names: Mapping[NameQuery, NameResult],
        *,
        transfer: bool,
    ) -> BindFacts:
        """Return what is known without having tried anything."""
        return BindFacts(
            plan=plan,
            transfer=transfer,
            version=self._target.version,
            master_worker=self._target.master is not None,
            reuse_port=self._reuse_port,
            binder=self._binder(),
            own=frozenset(process.pid for process in self._target.processes),
            views=views,
            names=names,
        )

    def _binder(self) -> Binder:
        rights = self.place.rights
        who = "the master" if self._target.master else "the new process"
        pid = f"pid {self._main_pid}, " if self._target.master else ""
        return Binder(f"{who} ({pid}uid {rights.uid})", rights, self._label())

    def _label(self) -> str:
        """Return what SELinux calls whoever binds, where that is another domain than ours. It decides about ports."""
        try:
            label, ours = (read_security_label(pid) for pid in (self._main_pid, os.getpid()))
        except HostError as error:
            return error.message
        return label if label != ours and label.count(":") >= _SELINUX_COLONS else ""

    def tried(self, facts: BindFacts) -> BindFacts:
        """Return the facts with what the trial said."""
        addresses, paths = plan_trial(facts.plan, Neighbours(facts.views))
        if not addresses and not paths:
            return facts
        binds = facts.plan.binds
        task = TrialTask(
            addresses=tuple(
                address_trial(binds[position].receiver, reuse_port=self._reuse_port) for position in addresses
            ),
            paths=tuple(os.fsencode(binds[position].receiver.host) for position in paths),
        )
        try:
            answer = run_trial(task, self.place)
        except (ReloadError, HostError) as error:
            return replace(facts, problem=error.message)
        if answer.refused:
            return replace(facts, problem=answer.refused)
        return replace(
            facts,
            tried=dict(zip(addresses, answer.addresses, strict=True)),
            paths=dict(zip(paths, answer.paths, strict=True)),
            owners={position: self._owner(binds[position].receiver) for position in paths},
        )

    def _owner(self, receiver: Receiver) -> tuple[int | None, int | None]:
        """Return uid and gid that a unix socket is to get; `unix-bind` of global counts for the binds of proxies.

        Source: HAProxy 2.8 src/cfgparse-listen.c, "bind": settings.ux of global.unix_bind.
        """
        said: dict[str, str] = {}
        if receiver.owner.startswith(("frontend ", "listen ")):
            for line in self._subject.in_global("unix-bind"):
                said.update(zip(line.words[1::2], line.words[2::2], strict=False))
        said.update({word: values[-1] for word, values in receiver.bind.options.items() if values})
        accounts = Accounts(self._target.place.root)

        def number(kind: str, numeric: str) -> int | None:
            if said.get(numeric, "").isdigit():
                return int(said[numeric])
            return accounts.identifier(kind, said[kind]) if kind in said else None

        return number("user", "uid"), number("group", "gid")

    def explained(self, facts: BindFacts, keepalived: Sequence[VirtualAddress] | None) -> BindFacts:
        """Return the facts with what explains the errors of the trial: looked at only where there are some."""
        failed = {number for number, result in facts.tried.items() if result.step == "bind"}
        absent = any(facts.tried[number].errno == errno.EADDRNOTAVAIL for number in failed)
        in_use = {
            planned.receiver.inet.port
            for position, planned in enumerate(facts.plan.binds)
            if position in failed
            and facts.tried[position].errno == errno.EADDRINUSE
            and planned.receiver.inet is not None
        }
        if absent:
            virtual = read_keepalived(HostRoot()).addresses if keepalived is None else tuple(keepalived)
            facts = replace(facts, virtual=virtual, tentative=self._tentative())
        return replace(facts, port_users=self._port_users(in_use)) if in_use else facts

    def _tentative(self) -> frozenset[str]:
        try:
            found = in_network_namespace(self._main_pid, read_addresses).addresses
        except (HostError, EvidenceError):  # then they are said to be absent
            return frozenset()
        return frozenset(address.address for address in found if address.tentative)

    def _port_users(self, ports: set[int]) -> dict[int, str]:
        looked_at = sorted(ports)[:_MOST_PORTS]
        try:
            found = in_network_namespace(self._main_pid, lambda: read_port_users(looked_at))
        except (HostError, EvidenceError):  # then nobody is named
            return {}
        return {
            int(
                connection.local.rpartition(":")[2]
            ): f"the connection {connection.local} to {connection.remote} of {who}"
            for connection, who in reversed(found)
        }

    def _physical(self, path: str) -> Path:
        root = self._target.place.root
        return root.path / root.real_path(path).lstrip("/")
