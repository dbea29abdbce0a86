import pytest

from hitless.sandbox.filesystem import _holds, _is_left_out
from hitless.sandbox.mountinfo import Mount


@pytest.mark.parametrize(
    ("point", "fstype", "left_out"),
    [
        ("/", "ext4", False),
        ("/home", "ext4", False),
        ("/run", "tmpfs", False),
        ("/etc/resolv.conf", "ext4", False),
        ("/developer", "ext4", False),
        ("/dev", "devtmpfs", True),
        ("/dev/shm", "tmpfs", True),
        ("/proc/acpi", "tmpfs", True),
        ("/sys/fs/cgroup", "tmpfs", True),
        ("/run/netns/blue", "nsfs", True),
        ("/var/lib/docker/overlay2/x/merged", "overlay", True),
        ("/srv/chroot/proc", "proc", True),
    ],
)
def test_only_mounts_with_files_for_haproxy_are_taken_over(
    point: str, fstype: str, *, left_out: bool
) -> None:
    assert _is_left_out(Mount(1, point, fstype)) is left_out


def test_a_path_is_held_by_its_mount_and_not_by_a_namesake() -> None:
    assert _holds("/", "/etc")
    assert _holds("/run", "/run")
    assert _holds("/run", "/run/x")
    assert not _holds("/run", "/runner")
