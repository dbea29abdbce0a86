"""What the preflight is to check, and how long it may take."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PreflightOptions"]


@dataclass(frozen=True, slots=True)
class PreflightOptions:
    """The bounds of one preflight. Times are seconds."""

    candidates: Mapping[str, str] = field(default_factory=dict)
    """Path of a configuration file to the path of its staged new version, which is checked in its place; empty for a
    plain reload. Both as the service itself would name them."""
    max_generations: int = 8
    """With so many old processes alive, no reload adds another one; 0: no bound."""
    load_budget_s: float = 60.0
    """How long loading the configuration may take; 0: no bound."""
    check_timeout_s: float = 120.0
    """After this time HAProxy's own check is stopped."""
    ask_timeout_s: float = 5.0
    """For all that one check asks the running processes together."""
    peers_timeout_s: float = 12.0
    """How long to wait until the process that serves would teach its stick-tables: HAProxy takes up to 10 s."""
    transfer_remedy: str = ""
    """How this reload keeps the accept queues where the master has lost the transfer of sockets; "": not at all."""
