"""What a call that was killed has left, and what is done about it before anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.errors import HitlessError
from hitless.reload.keeping import clear_pending, digests_of, read_pending
from hitless.reload.means import namespace_pid
from hitless.reload.safety_net import read_migrate_req, write_migrate_req

if TYPE_CHECKING:
    from hitless.reload.disk import Disk
    from hitless.reload.instance_files import InstanceFiles
    from hitless.reload.keeping import Pending
    from hitless.reload.target import Target

__all__ = ["recover"]


def recover(files: InstanceFiles, disk: Disk, target: Target) -> str:
    """Tidy up after a call that was killed; return what was found, "" for nothing.

    A configuration that it had put in place stays: it is whole, and this call loads and proves it, or rolls it back.

    Raises: ChangeError if that cannot be done.
    """
    files.sweep()
    disk.sweep()
    pending = read_pending(files)
    if pending is None:
        return ""
    found = [f"an earlier call (pid {pending.pid}, {pending.began_at}) did not come to its end"]
    found += _put_setting_back(pending, target)
    if pending.new:
        in_place = set(digests_of(disk.read())) == set(pending.new)
        found.append(
            "its new configuration is in place and was not proven"
            if in_place
            else "the configuration on disk is not the one it brought"
        )
    clear_pending(files)
    return "; ".join(found)


def _put_setting_back(pending: Pending, target: Target) -> list[str]:
    """Put the kernel's setting back as it was, in the network namespace that it was changed in."""
    if not pending.migrate_req_before:
        return []
    here = target.current or target.master
    if here is None or here.network_namespace != pending.network_namespace:
        return ["net.ipv4.tcp_migrate_req was changed in a network namespace that is gone"]
    pid = namespace_pid(target)
    try:
        if read_migrate_req(pid) != pending.migrate_req_before:
            write_migrate_req(pid, pending.migrate_req_before)
    except HitlessError as error:
        return [f"net.ipv4.tcp_migrate_req could not be put back: {error.message}"]
    return ["net.ipv4.tcp_migrate_req is as it was before it"]
