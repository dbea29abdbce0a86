"""Targets of the reload that no process stands behind, from a configuration's text and facts."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from hitless.facts import Launch, Process, Role, RunMode
from hitless.gather.place import ProcessPlace
from hitless.host.root import HostRoot
from hitless.reload.target import Target
from hitless.subject import Subject
from tests.audit.fixtures import read_snapshot

MASTER = Process(
    pid=100, parent_pid=1, role=Role.MASTER, arguments=("haproxy", "-W", "-f", "/h.cfg"), age_s=500.0
)
WORKER = Process(pid=101, parent_pid=100, role=Role.WORKER, generation=0, age_s=90.0)


def target(
    text: str = "frontend www\n    bind :80\n",
    *,
    version: str = "2.8.25",
    mode: RunMode = RunMode.MASTER_WORKER,
    processes: tuple[Process, ...] | None = (MASTER, WORKER),
    arguments: tuple[str, ...] = ("haproxy", "-W", "-f", "/etc/haproxy/haproxy.cfg"),
    environment: Mapping[str, str] | None = None,
    root: Path | None = None,
    directory: str = "/",
    blocks: str = "",
    master_address: str = "",
    stats_addresses: tuple[str, ...] = (),
    **instance: object,
) -> Target:
    """Build one; `blocks` are further fenced blocks of tests/audit/fixtures.py, `instance` are fields of it."""
    snapshot = read_snapshot(f"```cfg\n{text}```\n```version {version}\n```\n{blocks}")
    assert snapshot is not None
    launch = Launch(arguments=arguments, source="/proc/100/cmdline", working_directory=directory)
    seen = msgspec.structs.replace(
        snapshot.instances[0], mode=mode, processes=processes, launch=launch, **instance
    )
    snapshot = msgspec.structs.replace(snapshot, instances=(seen,))
    return Target(
        seen,
        Subject(snapshot, seen),
        ProcessPlace(HostRoot(root or Path("/"))),
        environment=environment or {},
        directory=directory,
        master_address=master_address,
        stats_addresses=stats_addresses,
    )
