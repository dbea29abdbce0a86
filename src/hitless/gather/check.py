"""What HAProxy itself says of the configuration, in the mode and with the flags of the service."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from hitless.config.arguments import parse_arguments
from hitless.control.command import run_bounded
from hitless.control.errors import CouldNotAsk
from hitless.control.messages import Level, parse_messages
from hitless.facts import CheckOutcome, RunMode, Unknown
from hitless.gather.launch import words_for_a_check
from hitless.host.redact import redact_configuration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hitless.facts import Instance
    from hitless.gather.budget import Budget

__all__ = ["check_instance"]

_WHAT = "HAProxy's own check of the configuration"
_TIMEOUT_S = 30.0
_MESSAGES = 200


def check_instance(
    instance: Instance,
    *,
    files: Sequence[str],
    environment: Mapping[str, str] | None = None,
    directory: str = "",
    prefix: Sequence[str] = (),
    budget: Budget | None = None,
) -> tuple[CheckOutcome | None, list[Unknown]]:
    """Return the outcome of `haproxy -c` on these files: it parses, loads certificates, runs Lua, and binds nothing.

    `environment` is the service's as it is, without it ours and what its launch says; `directory` is where relative
    names begin. `prefix` is a command that runs the words behind it where the service's files are, and goes to
    `directory` itself.
    """
    if instance.binary is None:
        return None, [Unknown(what=_WHAT, why="there is no HAProxy to ask", instance=instance.name)]
    command = [*prefix, instance.binary.path, *_words(instance), "-c"]
    command += [word for file in files for word in ("-f", file)]
    arguments = parse_arguments(instance.launch.arguments if instance.launch else ())
    variables = dict(instance.environment)
    if environment is None and instance.launch is not None:
        variables = {**dict(instance.launch.environment), **variables}
    try:
        done = run_bounded(
            command,
            timeout_s=budget.at_most(_TIMEOUT_S) if budget else _TIMEOUT_S,
            environment={**(os.environ if environment is None else environment), **variables},
            working_directory=None if prefix else directory or arguments.working_directory or None,
        )
    except CouldNotAsk as error:
        return None, [Unknown(what=_WHAT, why=error.message, instance=instance.name)]
    except OSError as error:
        return None, [Unknown(what=_WHAT, why=str(error), instance=instance.name)]
    messages = parse_messages(done.stderr)
    # HAProxy shows the line it cannot read, whatever stands there.
    said = tuple(
        redact_configuration(f"[{m.level}] {m.text}" if m.level else m.text)
        for m in messages
        if m.level is not Level.NOTICE
    )
    return (
        CheckOutcome(accepted=done.returncode == 0, messages=said[:_MESSAGES], command=shlex.join(command)),
        [],
    )


def _words(instance: Instance) -> tuple[str, ...]:
    """Return what decides how lines are parsed: some are refused, or read otherwise, without -W (9def1425c)."""
    words = words_for_a_check(instance.launch.arguments) if instance.launch else ()
    return words or (("-W",) if instance.mode is RunMode.MASTER_WORKER else ())
