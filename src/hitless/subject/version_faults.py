"""Faults of versions that make a reload worse than it need be, as far as the configuration meets them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.subject.binds import every_bind

if TYPE_CHECKING:
    from hitless.config.model import Bind
    from hitless.subject import Subject

__all__ = ["abstract_bind", "failed_bind_ends_service"]


def abstract_bind(subject: Subject) -> Bind | None:
    """Return the first bind of an abstract unix socket."""
    return next(
        (o.bind for o in every_bind(subject) if any(a.kind == "abns" for a in o.bind.addresses)), None
    )


def failed_bind_ends_service(subject: Subject) -> bool:
    """Return whether a bind that fails during a reload ends a master of this version.

    2.0 and 2.8.0 with any bind; 2.4 to 2.6.12 with abstract sockets, which refuse to pause.
    Measured on 2.0.0, 2.4.0, 2.6.12, 2.8.0; fixed by 117b03ff4 (2.9-dev1) for 2.8.
    """
    if not subject.master_worker:
        return False
    if subject.version_in((2, 0), (2, 0)) or subject.version == (2, 8, 0):
        return True
    return subject.version_in((2, 4), (2, 6, 12)) and abstract_bind(subject) is not None
