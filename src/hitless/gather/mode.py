"""Whether HAProxy runs with a master, and where that is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.config.arguments import parse_arguments
from hitless.facts import RunMode, Snapshot

if TYPE_CHECKING:
    from hitless.facts import Instance, Launch

__all__ = ["decide_mode", "master_worker_line"]


def decide_mode(
    *, asked: RunMode | None, launch: Launch | None, configuration_says: str | None
) -> tuple[RunMode, str]:
    """Return the mode and its source.

    `configuration_says` is where `global` has `master-worker` ("FILE:LINE"), "" where it has not, None where the
    configuration could not be read. A command line without -W and a
    configuration without the keyword run one process: HAProxy knows no third way (src/haproxy.c init_args()).
    """
    if asked is not None and asked is not RunMode.UNKNOWN:
        return asked, "--mode"
    if launch is not None and parse_arguments(launch.arguments).master_worker:
        return RunMode.MASTER_WORKER, f"-W or -Ws in {launch.source}"
    if configuration_says:
        return RunMode.MASTER_WORKER, f"master-worker at {configuration_says}"
    if launch is not None and configuration_says is not None:
        return RunMode.CLASSIC, f"no -W or -Ws in {launch.source}, no master-worker in the configuration"
    return RunMode.UNKNOWN, ""


def master_worker_line(instance: Instance) -> str | None:
    """Return where `global` has `master-worker`, "" where it has not, None if no file could be read.

    The files are only taken apart where the word stands in them at all: a large configuration takes seconds.
    """
    readable = [file for file in instance.configuration if not file.problem]
    if not readable or len(readable) < len(instance.configuration):
        return None
    if not any("master-worker" in file.text for file in readable):
        return ""
    from hitless.subject import Subject

    found = Subject(Snapshot(tool_version="", taken_at="", instances=(instance,)), instance).in_global(
        "master-worker"
    )
    return found[-1].where if found else ""
