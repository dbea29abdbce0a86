"""Steps that talk to a running HAProxy over its sockets."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from hitless.control.runtime_api import RuntimeApi
from hitless.errors import ControlError
from hitless.lab.stage import ADMIN_SOCKET
from hitless.lab.verbs.words import options_of
from hitless.units import parse_duration_s

if TYPE_CHECKING:
    from hitless.lab.stage import Stage

__all__ = ["VERBS", "ask"]

ASK_DEADLINE_S = 5.0
PAUSE_S = 0.05


def ask(stage: Stage, *words: str) -> None:
    """Ask the runtime API: `ask [as=NAME] [socket=PATH] [until=TEXT] [within=15s] COMMAND…`.

    Observes `NAME.ok` (it was answered and not refused) and `NAME.said`; NAME is "ask" without an own one, the socket
    /run/haproxy/admin.sock. With `until` the question is asked again until the answer contains the text; then
    `NAME.ok` is whether it came to that, and `NAME.s` how long it took.
    """
    options, command = options_of(words, "as", "socket", "until", "within")
    name = options.get("as", "ask")
    started = time.monotonic()
    deadline = started + parse_duration_s(options.get("within", "15s"))
    while True:
        ok, said = _answer(options.get("socket", ADMIN_SOCKET), " ".join(command))
        if "until" not in options:
            break
        ok = options["until"] in said
        if ok or time.monotonic() > deadline:
            stage.observe(f"{name}.s", round(time.monotonic() - started, 2))
            break
        stage.channel.wait(PAUSE_S)
    stage.observe(f"{name}.ok", ok)
    stage.observe(f"{name}.said", said)


def _answer(address: str, command: str) -> tuple[bool, str]:
    try:
        return True, RuntimeApi(address).ask(command, timeout_s=ASK_DEADLINE_S).strip()
    except ControlError as error:
        return False, error.message


VERBS = {"ask": ask}
