"""Look at the generations of an instance: processes by /proc, sessions by HAProxy, sockets by the kernel.

Which processes there are says /proc: `show proc` ends after about 202 rows up to 3.3, or says nothing then, and the
master leads to the workers that it does not list all the same (tried on 2.2 to 3.2).
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hitless.control.inspect import Deadline
from hitless.drains import DrainView
from hitless.errors import ControlError
from hitless.facts import Role
from hitless.host.errors import HostError
from hitless.host.haproxy_processes import group_instances, read_haproxy_processes
from hitless.host.processes import read_status, read_times
from hitless.host.root import HostRoot
from hitless.reload.drain.generations import describe_generations
from hitless.reload.drain.process_facts import ProcessFacts
from hitless.reload.drain.reach import Reach
from hitless.reload.drain.read_process import ask_info, ask_samples, ask_sessions, read_kernel_view

if TYPE_CHECKING:
    from hitless.facts import Process
    from hitless.reload.drain.read_process import KernelView
    from hitless.reload.target import Target

__all__ = ["DrainReader"]

_LOOK_TIMEOUT_S = 30.0
"""For all questions of one look together: hundreds of processes that do not answer must not make minutes."""
_CPU_WINDOW_S = 0.25
_SHOW_PROC_HOLDS = 190
"""A little less than fit into the answer of any version."""
_CROWDED_TIMEOUT_S = 1.0
_CARRIERS = frozenset({Role.WORKER, Role.CLASSIC})
_STOPPED = frozenset({"T", "t"})


class DrainReader:
    """Looks at one instance, again and again; with `sessions_of_current` also at the sessions of who serves now."""

    def __init__(self, target: Target, *, sessions_of_current: bool = False) -> None:
        self.target = target
        self.reach = Reach(target)
        self._sessions_of_current = sessions_of_current
        self._known = frozenset(p.pid for p in target.processes)
        self._cpu: dict[int, tuple[float, int]] = {}
        """When each process had used how many ticks, by pid."""

    def look(self) -> tuple[DrainView, tuple[ProcessFacts, ...]]:
        """Return the instance as it is now, and what was seen of each process.

        Raises: HostError if processes cannot be seen at all.
        """
        start = time.monotonic()
        facts, hidden, notes = self._read()
        subject = self.target.subject
        view = DrainView(
            instance=self.target.instance.name,
            mode=self.target.mode.value,
            version=subject.version_text,
            taken_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            master_pid=self.target.master.pid if self.target.master else 0,
            generations=describe_generations(
                facts, subject, changed_s=self._changed_s(), why_not_closable=self.reach.why_not
            ),
            hidden_from_show_proc=hidden,
            notes=notes,
            duration_s=round(time.monotonic() - start, 3),
        )
        return view, facts

    def _read(self) -> tuple[tuple[ProcessFacts, ...], int, tuple[str, ...]]:
        """Return what is seen of each process, how many old ones `show proc` hides, and what could not be seen.

        Raises: HostError
        """
        start = time.monotonic()
        deadline = Deadline(_LOOK_TIMEOUT_S)
        carriers = self._carriers()
        before = {p.pid: self._ticks(p.pid) for p in carriers}
        wanted = [p for p in carriers if p.generation != 0 or self._sessions_of_current]
        kernel, notes = read_kernel_view(wanted) if wanted else (None, ())
        reloads, why_unknown = self._reloads(deadline, crowded=len(carriers) > _SHOW_PROC_HOLDS)
        facts = [self._ask(p, kernel if p in wanted else None, reloads or {}, deadline) for p in carriers]
        shares = self._cpu_shares(before, start)
        hidden = sum(reloads is not None and f.reloads is None and bool(f.process.generation) for f in facts)
        if why_unknown:
            notes = (*notes, why_unknown)
        return tuple(replace(f, cpu_share=shares.get(f.pid)) for f in facts), hidden, notes

    def _carriers(self) -> tuple[Process, ...]:
        """Return the processes of the instance that carry traffic, as they are now."""
        processes, unknown = read_haproxy_processes(HostRoot())
        if not processes and unknown:
            raise HostError(f"{unknown[0].what} cannot be seen: {unknown[0].why}")
        group = next(
            (g for g in group_instances(processes) if any(p.pid in self._known for p in g)),
            (),
        )
        if group:
            self._known = frozenset(p.pid for p in group)
        return tuple(p for p in group if p.role in _CARRIERS)

    def _reloads(self, deadline: Deadline, *, crowded: bool) -> tuple[dict[int, int] | None, str]:
        """Return how many reloads each worker has survived, by the number that it has for its master.

        None where that cannot be asked, and why. With more processes than its answer holds (tried with 197 to 213),
        `show proc` of 2.2.9 and 2.6.12 answers nothing at all, 2.8.25 never ends, 3.0.11 leaves some out, 3.2.26 is
        whole: it is not waited for then, and none is known.
        """
        left_s = deadline.left_s()
        try:
            processes = self.reach.ask_processes(
                timeout_s=min(left_s, _CROWDED_TIMEOUT_S) if crowded else left_s, patient=not crowded
            )
        except ControlError as error:
            return ({}, "") if crowded else (None, f"`show proc` could not be asked: {error.message}")
        if processes is None:
            return None, ""
        return {row.pid: row.reloads for row in (*processes.workers, *processes.old_workers)}, ""

    def _ask(
        self, process: Process, kernel: KernelView | None, reloads: dict[int, int], deadline: Deadline
    ) -> ProcessFacts:
        """Return what a process says, with `kernel` its sessions too, and what the kernel says of it."""
        facts = ProcessFacts(
            process, sockets=kernel.sockets(process.pid) if kernel else None, asked=self.reach.name
        )
        if process.generation and self.reach.why_not:
            return replace(facts, why_not_asked=self.reach.why_not)
        if process.state in _STOPPED:
            return replace(facts, why_not_asked="it is stopped, and answers nobody")
        try:
            facts = replace(facts, reloads=reloads.get(read_status(process.pid).inner_pid))
            info = ask_info(self.reach, process, timeout_s=deadline.left_s())
            facts = replace(facts, info=info, reachable=not self.reach.why_not)
            if kernel is None:
                return facts
            sessions = ask_sessions(self.reach, process, info, kernel, timeout_s=deadline.left_s())
            descriptors = {d for s in sessions for d in (s.row.client_descriptor, s.row.server_descriptor)}
            return replace(
                facts,
                sessions=sessions,
                session_sockets=frozenset(kernel.inode(process.pid, d) for d in descriptors),
                samples=ask_samples(self.reach, process, sessions, timeout_s=deadline.left_s()),
            )
        except (ControlError, HostError) as error:
            return replace(facts, why_not_asked=error.message)

    def _cpu_shares(self, before: dict[int, int | None], start: float) -> dict[int, float]:
        """Return how much of a processor each used since the last look; in the first look, in a moment of it."""
        if not self._cpu:
            time.sleep(max(0.0, _CPU_WINDOW_S - (time.monotonic() - start)))
        shares: dict[int, float] = {}
        now = time.monotonic()
        for pid, first in before.items():
            ticks = self._ticks(pid)
            since, used = self._cpu.get(pid, (start, first))
            if ticks is not None and used is not None and now > since:
                shares[pid] = (ticks - used) / os.sysconf("SC_CLK_TCK") / (now - since)
                self._cpu[pid] = (now, ticks)
        return shares

    def _ticks(self, pid: int) -> int | None:
        try:
            return read_times(pid).cpu_ticks
        except HostError:  # it has ended; what asks it says so
            return None

    def _changed_s(self) -> float | None:
        """Return how long ago a file of the configuration was changed last, None where that cannot be seen.

        By ctime: who copies a file with its old mtime, or moves another into its place, sets it all the same.
        """
        try:
            times = [
                self.target.place.root.stat(file.path).st_ctime for file in self.target.instance.configuration
            ]
        except HostError:
            return None
        return time.time() - max(times) if times else None
