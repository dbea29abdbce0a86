"""Gather what is asked for, and pass it through the form it has on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.gather.document import read_snapshot_file, settle

if TYPE_CHECKING:
    from hitless.audit.gather.options import GatherOptions
    from hitless.facts import Snapshot

__all__ = ["gather_snapshot"]


def gather_snapshot(options: GatherOptions) -> Snapshot:
    """Return the facts about a host, about files alone, or those that a snapshot file holds.

    Raises: UsageError if the selection fits nothing or several things; ConfigError if a file that was named cannot be
    read; ControlError if the HAProxy that was named cannot be asked.
    """
    if options.snapshot:
        return read_snapshot_file(options.snapshot)
    if options.files:
        from hitless.audit.gather.files import gather_files

        return settle(gather_files(options))
    from hitless.audit.gather.host import gather_host

    return settle(gather_host(options))
