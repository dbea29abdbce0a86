import errno
import os
from pathlib import Path

import pytest

from hitless.sandbox.syscalls import drop_descriptors, mount, pivot_root, unmount_lazily


def test_an_error_carries_its_number_and_the_path() -> None:
    with pytest.raises(OSError, match="/does/not/exist") as caught:
        unmount_lazily("/does/not/exist")
    assert caught.value.errno in {errno.ENOENT, errno.EPERM}
    with pytest.raises(OSError, match="/does/not/exist"):
        mount("none", "/does/not/exist", "tmpfs")
    with pytest.raises(OSError, match="/does/not/exist"):
        pivot_root("/does/not/exist", "/does/not/exist")


def test_only_the_kept_descriptors_stay_open() -> None:
    pid = os.fork()
    if pid == 0:
        kept, closed = os.pipe()
        drop_descriptors(frozenset({kept}))
        os.fstat(kept)
        null = Path("/dev/null").stat().st_rdev
        good = os.fstat(0).st_rdev == null == os.fstat(1).st_rdev
        try:
            os.fstat(closed)
        except OSError:
            os._exit(0 if good else 2)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
