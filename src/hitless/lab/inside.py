"""`python -m hitless.lab.inside`: the child that does the steps of one variant, on a stage of its own."""

import os
import sys
from contextlib import ExitStack, suppress

import msgspec

from hitless.lab.plan import OBSERVATIONS_FILE, LabPlan, Observations
from hitless.lab.stage import Stage
from hitless.lab.verbs import run_step
from hitless.prove.channel import Channel
from hitless.prove.child import run_child
from hitless.prove.protocol import Finished, Progress
from hitless.reload.launch import MessageReader

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Do the steps and return the exit status."""
    return run_child(LabPlan, _run, arguments)


def _run(plan: LabPlan, channel: Channel, directory_fd: int) -> Finished:
    with ExitStack() as stack:
        messages = MessageReader(channel.emit)
        stage = Stage(plan, channel, directory_fd, stack, messages)
        stage.set_up()
        lines = plan.scenario.variant(plan.variant).steps
        for number, line in enumerate(lines, 1):
            channel.say(Progress(stage="step", detail=line, step=number, steps=len(lines)))
            run_step(stage, line)
        for pid in stage.haproxies():
            with suppress(ProcessLookupError):  # a worker ends with its master
                os.kill(pid, 9)
    messages.close()
    _write(directory_fd, Observations(seen=stage.seen, done=tuple(stage.done)))
    return stage.finished or Finished()


def _write(directory_fd: int, observations: Observations) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(OBSERVATIONS_FILE, flags, 0o600, dir_fd=directory_fd), "wb") as file:
        file.write(msgspec.json.encode(observations))


if __name__ == "__main__":
    sys.exit(main())
