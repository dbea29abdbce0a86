from hypothesis import given
from hypothesis import strategies as st

from hitless.sandbox.mountinfo import mounts_below, parse_mountinfo, read_visible_mounts, topmost
from hitless.sandbox.syscalls import MountFlag

_TEXT = rb"""22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/vda rw
28 27 0:25 / /mnt/a\040b\134c ro,nosuid,nodev - tmpfs none ro,size=4k
29 28 0:26 / /mnt/a\040b\134c/inner rw - tmpfs hitless rw
"""


def test_fields_and_escapes() -> None:
    mounts = parse_mountinfo(_TEXT)
    assert [mount.point for mount in mounts] == ["/proc", "/", "/mnt/a b\\c", "/mnt/a b\\c/inner"]
    assert mounts[1].fstype == "ext4"
    assert mounts[1].source == "/dev/vda"
    assert mounts[2].flags == MountFlag.RDONLY | MountFlag.NOSUID | MountFlag.NODEV
    assert mounts[0].is_pseudo
    assert not mounts[1].is_pseudo


def test_below_and_topmost() -> None:
    mounts = parse_mountinfo(_TEXT)
    assert [mount.id for mount in mounts_below(mounts, "/mnt")] == [28, 29]
    assert [mount.id for mount in mounts_below(mounts, "/mnt/a")] == []
    assert [mount.id for mount in mounts_below(mounts, "/")] == [22, 28, 29]
    assert [mount.id for mount in topmost(mounts_below(mounts, "/mnt"))] == [28]


@given(st.binary(max_size=300))
def test_damaged_lines_are_left_out(data: bytes) -> None:
    for mount in parse_mountinfo(data):
        assert mount.id >= 0


def test_this_machines_root_is_visible() -> None:
    assert "/" in {mount.point for mount in read_visible_mounts()}
