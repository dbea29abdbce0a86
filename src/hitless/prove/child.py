"""The frame of every child: its descriptors, its plan, and how an error becomes a message."""

import argparse
import os
import signal
from collections.abc import Callable
from typing import TypeVar

import msgspec

from hitless.errors import ExitCode, HitlessError
from hitless.prove.channel import Channel
from hitless.prove.protocol import Failure, Finished

__all__ = ["run_child"]

PLAN_LIMIT_BYTES = 16 * 1024 * 1024

Plan = TypeVar("Plan")


def run_child(
    plan_type: type[Plan], run: Callable[[Plan, Channel, int], Finished], arguments: list[str] | None
) -> int:
    """Read the plan, run it, say how it went; return the exit status.

    `run` is given the plan, the channel and a descriptor of the bundle's directory.
    """
    parser = argparse.ArgumentParser()
    for name in ("--plan-fd", "--output-fd", "--control-fd", "--directory-fd"):
        parser.add_argument(name, type=int, required=True)
    words = parser.parse_args(arguments)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is hitless's; it tells us by the control pipe
    with os.fdopen(words.plan_fd, "rb") as file:
        plan = msgspec.json.decode(file.read(PLAN_LIMIT_BYTES), type=plan_type)
    channel = Channel(words.output_fd, words.control_fd, words.directory_fd)
    try:
        finished = run(plan, channel, words.directory_fd)
    except HitlessError as error:
        channel.close()
        channel.say(Failure(message=error.message, hint=error.hint, exit_code=int(error.exit_code)))
        return ExitCode.UNKNOWN
    channel.close()
    channel.say(finished)
    return ExitCode.CLEAN
