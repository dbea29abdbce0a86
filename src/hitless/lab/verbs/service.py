"""Steps about the service: start, reload, restart, stop, signal, kill."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hitless.control.runtime_api import MasterCli
from hitless.errors import ControlError, SandboxError
from hitless.lab.stage import CONFIGURATION, DEADLINE_S, HAPROXY, MASTER_SOCKET, PID_FILE, Stage
from hitless.prove import describe

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["VERBS", "compare_sockets", "taken_over"]

MAY_FAIL = "--may-fail"
NO_MASTER_CLI = "--no-master-cli"


def start(stage: Stage, *words: str) -> None:
    """Start HAProxy as its mode wants, with further arguments: `start [--may-fail] [--no-master-cli] [ARGUMENTS…]`.

    Observes `start.ok`, `start.said`, and of a master `master.listeners`: how many listening sockets it holds itself.
    """
    stage.arguments = tuple(word for word in words if word not in {MAY_FAIL, NO_MASTER_CLI})
    if stage.plan.mode == "classic":
        done = stage.run(_classic_command(stage))
        listens, said = done.returncode == 0 and stage.until(stage.listens), done.stderr
    else:
        listens, said = _start_master(stage, [] if NO_MASTER_CLI in words else ["-S", MASTER_SOCKET])
    stage.observe("start.ok", listens)
    stage.observe("start.said", said.strip())
    if not listens and MAY_FAIL not in words:
        raise SandboxError(f"HAProxy did not start: {said.strip() or 'it does not listen'}")


def _start_master(stage: Stage, cli: list[str]) -> tuple[bool, str]:
    """Return whether a master and its worker serve, and the alerts."""
    since_ns = stage.now()
    command = [HAPROXY, "-W", *cli, "-p", PID_FILE, "-f", CONFIGURATION]
    master = stage.master = stage.popen([*command, *stage.arguments])
    stage.until(lambda: stage.listens() or master.poll() is not None)
    listens = master.poll() is None and _master_answers(stage) and stage.until(stage.listens, timeout_s=1)
    if not listens:  # what it printed is read beside, and may come after its end
        stage.until(lambda: stage.said_since(since_ns), timeout_s=1.0)
    stage.observe("master.listeners", len(stage.listening().get(master.pid, ())))
    return listens, stage.said_since(since_ns)


def _classic_command(stage: Stage, *options: str) -> list[str]:
    return [HAPROXY, "-D", "-p", PID_FILE, "-f", CONFIGURATION, *stage.arguments, *options]


def reload(stage: Stage, via: str = "auto") -> None:
    """Reload once: `reload [usr2|hup|master-cli|sf|sf-x|st|restart]`; without a word as it should be done here.

    Observes `reload.ok` (a new process listens and no old one does), `reload.s` (how long that took), `reload.said`,
    `reload.sockets`: whether the listening sockets are the "same", "new" or "some" of them new.
    """
    before, since_ns = stage.listening(), stage.now()
    refused = _trigger(stage, _choose(stage, via))
    if stage.under_load:
        stage.observe("reload.said", refused)
        if refused:
            raise SandboxError(refused)
        return
    ok = not refused and stage.until(
        lambda: taken_over(stage, before) or stage.refused_since(since_ns), timeout_s=DEADLINE_S
    )
    _master_answers(stage)
    stage.observe("reload.s", round((stage.now() - since_ns) / 1e9, 2))
    stage.observe("reload.ok", ok and taken_over(stage, before))
    stage.observe("reload.said", (refused or stage.said_since(since_ns)).strip())
    stage.observe("reload.sockets", compare_sockets(before, stage.listening()))


def _master_answers(stage: Stage) -> bool:
    """Wait until the master takes signals again: one that comes between its fork and its exec is lost (seen on 2.8)."""
    if stage.master is None or not Path(MASTER_SOCKET).exists():
        return True
    return stage.until(_answers)


def _answers() -> bool:
    try:
        MasterCli(MASTER_SOCKET).ask_processes(timeout_s=1)
    except ControlError:
        return False
    return True


def compare_sockets(before: dict[int, frozenset[int]], after: dict[int, frozenset[int]]) -> str:
    """Return whether the listening inodes are the "same", all "new", or "some" of them."""
    old: frozenset[int] = frozenset().union(*before.values())
    new: frozenset[int] = frozenset().union(*after.values())
    return "same" if old <= new else "some" if old & new else "new"


def taken_over(stage: Stage, before: dict[int, frozenset[int]]) -> bool:
    """Whether a process listens that did not before, and none that did."""
    after = stage.listening()
    return bool(after.keys() - before.keys()) and not after.keys() & before.keys() and stage.listens()


def _choose(stage: Stage, via: str) -> str:
    if via != "auto":
        return via
    if stage.plan.mode == "classic":
        return "sf-x" if describe.transfer_socket(stage.model()) else "sf"
    return "usr2"


def _trigger(stage: Stage, via: str) -> str:
    """Trigger it; return what was refused, "" where nothing was."""
    if via in {"usr2", "hup"}:
        return _signal_master(stage, signal.SIGUSR2 if via == "usr2" else signal.SIGHUP)
    if via == "master-cli":
        try:
            answer = MasterCli(MASTER_SOCKET).apply_reload(timeout_s=DEADLINE_S)
        except ControlError as error:
            return error.message
        return answer.raw.strip() if answer.success is False else ""
    if via == "restart":
        stop(stage)
        start(stage, *stage.arguments)
        return ""
    if via in {"sf", "sf-x", "st"}:
        old = [str(pid) for pid in sorted(stage.haproxies())]
        transfer = describe.transfer_socket(stage.model()) or ""
        options = ["-x", transfer] if via == "sf-x" and transfer else []
        done = stage.run(_classic_command(stage, *options, "-st" if via == "st" else "-sf", *old))
        return done.stderr.strip() or f"it ended with {done.returncode}" if done.returncode else ""
    raise SandboxError(f"there is no way to reload that is called {via!r}")


def _signal_master(stage: Stage, number: signal.Signals) -> str:
    if stage.master is None:
        raise SandboxError("HAProxy has no master here: start it in master-worker mode")
    stage.master.send_signal(number)
    return ""


def stop(stage: Stage, how: str = "TERM") -> None:
    """Stop every HAProxy, and wait for its end: `stop [TERM|USR1|KILL]`."""
    _send(stage.haproxies(), signal.Signals[f"SIG{how}"])
    if not stage.until(lambda: not stage.haproxies()):
        raise SandboxError("HAProxy does not end")


def send(stage: Stage, who: str, name: str) -> None:
    """Send a signal and wait for nothing: `signal master|workers|pidfile|all NAME`."""
    _send(_pids(stage, who), signal.Signals[f"SIG{name}"])


def _pids(stage: Stage, who: str) -> Sequence[int]:
    if who == "pidfile":
        return [int(word) for word in Path(PID_FILE).read_text(encoding="ascii").split()]
    master = stage.master.pid if stage.master is not None else 0
    if who == "master":
        return [master] if master else []
    if who == "workers":
        return sorted(stage.haproxies() - {master})
    return sorted(stage.haproxies())


def _send(pids: Sequence[int] | frozenset[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def upgrade(stage: Stage, version: str) -> None:
    """Replace the program on disk by another version's: `upgrade 2.8|next`, next being the one that follows its own."""
    found = _next_version(stage) if version == "next" else version
    if found not in stage.plan.others:
        raise SandboxError(f"HAProxy {version} is not here")
    stage.install(stage.plan.others[found])


def _next_version(stage: Stage) -> str:
    """Return the oldest branch that is newer than the scenario's; "" where there is none."""
    branches = {
        (int(major), int(minor)): name for name in stage.plan.others for major, minor in [name.split(".")]
    }
    newer = [branch for branch in branches if branch > stage.plan.version]
    return branches[min(newer)] if newer else ""


VERBS = {"start": start, "reload": reload, "stop": stop, "signal": send, "upgrade": upgrade}
