from pathlib import Path

from hitless.facts import Instance, Process, Role, RunMode, Snapshot
from hitless.gather.place import ProcessPlace
from hitless.host.root import HostRoot
from hitless.reload.target import Target
from hitless.subject import Subject


def target(*processes: Process, mode: RunMode = RunMode.MASTER_WORKER) -> Target:
    instance = Instance(name="haproxy", mode=mode, processes=processes)
    snapshot = Snapshot(tool_version="0", taken_at="", instances=(instance,))
    return Target(instance, Subject(snapshot, instance), ProcessPlace(HostRoot(Path("/"))))


def test_the_newest_that_listens_is_current() -> None:
    seen = target(
        Process(pid=1, parent_pid=0, role=Role.MASTER),
        Process(pid=2, parent_pid=1, role=Role.WORKER, generation=1, age_s=9),
        Process(pid=3, parent_pid=1, role=Role.WORKER, generation=0, age_s=5),
        Process(pid=4, parent_pid=1, role=Role.WORKER, age_s=1),
    )
    assert seen.master is not None
    assert seen.master.pid == 1
    assert seen.current is not None
    assert seen.current.pid == 3
    assert [p.pid for p in seen.old] == [2]
    assert [p.pid for p in seen.carriers] == [3, 2, 4]


def test_without_processes_nothing_is_current() -> None:
    seen = target(mode=RunMode.CLASSIC)
    assert (seen.master, seen.current, seen.old) == (None, None, ())
    assert seen.version == (0, 0, 0)
