"""`python -m hitless.prove.inside`: the child that does everything that happens in the sandbox, or beside a live proxy.

Reads its plan from one descriptor, speaks through another, keeps what it records in the bundle's directory, which it
can reach by descriptor only. Ends when its control pipe does.
"""

import sys
from contextlib import ExitStack

from hitless.prove.channel import Channel
from hitless.prove.child import run_child
from hitless.prove.protocol import Finished, ProvePlan
from hitless.prove.run_plan import Prepared, run_plan

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Run the plan and return the exit status."""
    return run_child(ProvePlan, _run, arguments)


def _run(plan: ProvePlan, channel: Channel, directory_fd: int) -> Finished:
    with ExitStack() as stack:
        if plan.live is not None:
            from hitless.prove.live import prepare_live

            prepared = Prepared(*prepare_live(plan, channel, stack))
        else:
            from hitless.prove.prepare import prepare_sandboxed

            prepared = Prepared(*prepare_sandboxed(plan, channel, directory_fd, stack))
        return run_plan(plan, prepared, channel, directory_fd, stack)


if __name__ == "__main__":
    sys.exit(main())
