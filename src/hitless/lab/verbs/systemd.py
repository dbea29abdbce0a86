"""Steps about the service as systemd sees it; for scenarios that need "systemd"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.errors import SandboxError
from hitless.lab.verbs.service import compare_sockets, taken_over

if TYPE_CHECKING:
    from hitless.lab.stage import Stage

__all__ = ["VERBS", "journal", "systemctl", "unit"]

UNIT = "haproxy.service"
DEADLINE_S = 60.0
TAKEOVER_S = 5.0
SETTLED_S = 0.3
_REPLACES = frozenset({"reload", "restart", "reload-or-restart"})


def systemctl(stage: Stage, action: str, *words: str) -> None:
    """Have systemd do something with a unit, haproxy.service without another: `systemctl ACTION [UNIT…]`.

    Observes `ACTION.status` and `ACTION.said`. `start` waits until HAProxy listens and observes that as `start.ok`;
    outside of a load what replaces waits as well, and observes `ACTION.ok` (a new process listens and no old one does)
    and `ACTION.sockets`.
    """
    before = stage.listening()
    units = words or (() if action == "daemon-reload" else (UNIT,))
    done = stage.run(["systemctl", action, *units], timeout_s=DEADLINE_S)
    said = f"{done.stdout}{done.stderr}".strip()
    stage.observe(f"{action}.status", done.returncode)
    stage.observe(f"{action}.said", said)
    if action == "start":
        stage.observe("start.ok", done.returncode == 0 and _stays(stage))
    elif action not in _REPLACES:
        return
    elif stage.under_load:
        if done.returncode:
            raise SandboxError(said or f"systemctl ended with {done.returncode}")
    else:
        done_so = stage.until(lambda: taken_over(stage, before), timeout_s=TAKEOVER_S)
        stage.observe(f"{action}.ok", done_so)
        stage.observe(f"{action}.sockets", compare_sockets(before, stage.listening()))


def _stays(stage: Stage) -> bool:
    """Whether HAProxy listens and goes on: one that fails at another address afterwards listens for a moment."""
    if not stage.until(stage.listens):
        return False
    stage.channel.wait(SETTLED_S)
    return stage.listens()


def unit(stage: Stage, *properties: str) -> None:
    """Ask systemd for properties of haproxy.service: `unit PROPERTY…`; observes each as `unit.PROPERTY`."""
    text = stage.check(["systemctl", "show", f"--property={','.join(properties)}", UNIT])
    found = dict(line.partition("=")[::2] for line in text.splitlines())
    for name in properties:
        stage.observe(f"unit.{name}", found.get(name, ""))


def journal(stage: Stage) -> None:
    """Read the journal of haproxy.service: `journal`; observes its lines' texts as `journal`."""
    stage.check(["journalctl", "--sync"])
    text = stage.check(["journalctl", f"--unit={UNIT}", "--no-pager", "--output=cat", "--lines=60"])
    stage.observe("journal", text.strip())


VERBS = {"systemctl": systemctl, "unit": unit, "journal": journal}
