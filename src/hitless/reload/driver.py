"""Reload the running HAProxy: one call at a time, those that wait answered together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.clock import now_ns
from hitless.errors import HitlessError
from hitless.reload.assemble import coalesced_receipt, make_plan
from hitless.reload.instance_files import InstanceFiles
from hitless.reload.journal import send_receipt
from hitless.reload.lock import covering, hold_lock, remember
from hitless.reload.look import instance_key, read_target
from hitless.reload.receipts import append_receipt, receipts_directory
from hitless.reload.session import Session
from hitless.state import state_directory

if TYPE_CHECKING:
    from collections.abc import Callable

    from hitless.reload.options import ReloadOptions
    from hitless.reloads import Receipt, ReloadPlan

__all__ = ["Answer", "apply_reload", "plan_reload"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What happened, and where its receipt is kept; or why it could not be."""

    receipt: Receipt
    kept_in: str = ""
    problem: str = ""


def apply_reload(options: ReloadOptions, tell: Callable[[str], None]) -> Answer:
    """Reload, prove, and where that fails go back. `tell` is told what goes on.

    Raises: UsageError if the instance, or what is asked for, is not to be had; ReloadError if another reload does not
    end; ChangeError if the state directory cannot be used. Nothing has been touched then.
    """
    asked_ns = now_ns()
    state = options.state_dir or state_directory()
    key = instance_key(read_target(options.target, views=False))
    with (
        InstanceFiles(f"{state}/instances/{key}") as files,
        hold_lock(files, timeout_s=options.wait_s, waiting=lambda: tell("waiting for another reload to end")),
    ):
        answer = covering(files, asked_ns=asked_ns, what=options.what)
        if answer is not None:
            return Answer(coalesced_receipt(answer))
        began_ns = now_ns()
        receipt = Session(options, tell, files).run()
        kept_in = problem = ""
        try:
            remember(files, began_ns=began_ns, what=options.what, receipt=receipt)
            kept_in = append_receipt(receipts_directory(options.state_dir), receipt)
        except HitlessError as error:  # the reload is over, and its outcome is what counts
            problem = error.message
    send_receipt(receipt)
    return Answer(receipt, kept_in, problem)


def plan_reload(options: ReloadOptions, tell: Callable[[str], None]) -> ReloadPlan:
    """Return what a reload would do, and what it would find; nothing is written or touched.

    Raises: UsageError
    """
    session = Session(options, tell, None)
    session.look()
    session.prepare()
    session.ask()
    return make_plan(session.target, session.story)
