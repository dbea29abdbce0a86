"""Steps that limit what is started after them."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hitless.lab.stage import Stage

__all__ = ["VERBS"]


def descriptor_limit(_stage: Stage, soft: str) -> None:
    """Give what is started from now on so many descriptors, as a soft limit: `descriptor-limit N|hard`."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if soft == "hard" else int(soft), hard))


VERBS = {"descriptor-limit": descriptor_limit}
