import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hitless.evidence.namespaces import listens_in, living_threads
from hitless.host.processes import read_network_namespace


def proc(directory: Path, *, pid_namespace: int) -> Path:
    """Return a /proc in which our own pid namespace is (or is not) the first one."""
    real = Path("/proc")
    for name in (str(os.getpid()), "1"):
        (directory / name).symlink_to(real / name)
    (directory / "self" / "ns").mkdir(parents=True)
    (directory / "self" / "ns" / "pid").symlink_to(directory / f"inode-{pid_namespace}")
    return directory


def test_our_own_process_is_in_our_namespace() -> None:
    here = listens_in(read_network_namespace(os.getpid()))
    elsewhere = listens_in(1)
    if Path("/proc/self/ns/pid").stat().st_ino == 0xEFFFFFFC:
        assert (here(os.getpid()), elsewhere(os.getpid())) == (True, False)
    else:
        assert (here(os.getpid()), elsewhere(os.getpid())) == (None, None)


def test_of_a_process_that_is_gone_nothing_is_known() -> None:
    assert listens_in(1)(0x7FFF_FFFF) is None


def test_in_another_pid_namespace_nothing_is_known(tmp_path: Path) -> None:
    fake = proc(tmp_path, pid_namespace=1)
    (tmp_path / "inode-1").touch()
    assert listens_in(read_network_namespace(os.getpid()), fake)(os.getpid()) is None


def test_all_threads_of_all_processes_are_looked_at_by_their_process() -> None:
    with ThreadPoolExecutor(1) as pool:
        thread = pool.submit(threading.get_native_id).result()
        living = living_threads(lambda pid: pid == os.getpid() or None)
    assert living.keys() >= {os.getpid(), thread}
    assert set(living.values()) == {True}
