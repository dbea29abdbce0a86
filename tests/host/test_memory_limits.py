import os
from pathlib import Path

import pytest

from hitless.host.errors import Gone, HostError
from hitless.host.memory_limits import MemoryLimit, read_memory_limits
from hitless.host.root import HostRoot


def tree(path: Path, groups: str, files: dict[str, str]) -> HostRoot:
    (path / "proc" / "7").mkdir(parents=True)
    (path / "proc" / "7" / "cgroup").write_text(groups)
    for name, text in files.items():
        file = path / "sys/fs/cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return HostRoot(path, live=False)


def test_every_group_up_to_the_root_counts(tmp_path: Path) -> None:
    host = tree(
        tmp_path,
        "0::/system.slice/haproxy.service\n",
        {
            "system.slice/haproxy.service/memory.max": "1000\n",
            "system.slice/haproxy.service/memory.current": "900\n",
            "system.slice/haproxy.service/memory.stat": "anon 1\ninactive_file 300\nfile 5\n",
            "system.slice/memory.max": "max\n",
            "system.slice/memory.current": "2000\n",
            "memory.max": "500\n",
            "memory.current": "700\n",
        },
    )
    assert read_memory_limits(7, host) == (
        MemoryLimit("/system.slice/haproxy.service", 1000, 600),
        MemoryLimit("/", 500, 700),
    )
    assert [limit.free_bytes for limit in read_memory_limits(7, host)] == [400, 0]


def test_version_1_has_its_own_names_and_its_own_infinity(tmp_path: Path) -> None:
    host = tree(
        tmp_path,
        "4:cpu,memory:/a/b\n1:name=systemd:/x\n0::/\n",
        {
            "memory/a/b/memory.limit_in_bytes": "4096\n",
            "memory/a/b/memory.usage_in_bytes": "4000\n",
            "memory/a/b/memory.stat": "inactive_file 1\ntotal_inactive_file 1000\n",
            "memory/a/memory.limit_in_bytes": "9223372036854771712\n",
            "memory/a/memory.usage_in_bytes": "5\n",
        },
    )
    assert read_memory_limits(7, host) == (MemoryLimit("/a/b", 4096, 3000),)


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    host = tree(tmp_path, "0::/a\n", {"a/memory.max": "plenty\n", "a/memory.current": "1\n"})
    with pytest.raises(HostError):
        read_memory_limits(7, host)
    with pytest.raises(Gone):
        read_memory_limits(8, host)


def test_this_very_process_has_limits_or_none() -> None:
    assert all(limit.limit_bytes > 0 for limit in read_memory_limits(os.getpid()))
