"""Gather what is asked for, and pass it through the form it has on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.gather.document import read_snapshot_file, settle

if TYPE_CHECKING:
    from hitless.facts import Snapshot
    from hitless.gather.options import GatherOptions

__all__ = ["gather_snapshot"]


def gather_snapshot(options: GatherOptions) -> Snapshot:
    """Return the facts about a host, about files alone, or those that a snapshot file holds.

    Raises: UsageError if the selection fits nothing or several things; ConfigError if a file that was named cannot be
    read; ControlError if the HAProxy that was named cannot be asked.
    """
    if options.snapshot:
        return read_snapshot_file(options.snapshot)
    if options.files:
        from hitless.gather.files import gather_files

        return settle(gather_files(options))
    from hitless.gather.host import gather_host

    return settle(gather_host(options))
