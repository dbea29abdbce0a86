"""Turn a host, files, or a snapshot on disk into a `Snapshot`: the only part of the audit that touches the world."""

from hitless.gather.options import GatherOptions
from hitless.gather.snapshot import gather_snapshot

__all__ = ["GatherOptions", "gather_snapshot"]
