"""The endpoints of a plan while it is made: one for each spot, with all that is expected of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast

from hitless.sandbox.world.checks.expectation import CannotSatisfy
from hitless.sandbox.world.records import Endpoint, HttpAnswer, Step, Transport

if TYPE_CHECKING:
    from hitless.sandbox.world.addresses import Spot
    from hitless.sandbox.world.health import Check

__all__ = ["Listeners"]

Role = Literal["server", "dns", "syslog"]


@dataclass
class _Listener:
    role: Role
    label: str
    padded: bool
    scripts: list[tuple[Step, ...]] = field(default_factory=list)
    answers: dict[tuple[str, str], HttpAnswer] = field(default_factory=dict)


class Listeners:
    """Endpoints by their spot."""

    def __init__(self) -> None:
        self._listeners: dict[Spot, _Listener] = {}

    def open(self, spot: Spot, *, label: str = "", role: Role = "server", padded: bool = True) -> None:
        """Have something listen here; who comes first gives it its role and label."""
        self._listeners.setdefault(spot, _Listener(role, label, padded))

    def expect(self, spot: Spot, check: Check) -> None:
        """Have a listener satisfy a check.

        Raises: CannotSatisfy if another check wants something else of the same listener.
        """
        listener = self._listeners[spot]
        if check.answer is not None:
            key = (check.answer.method, check.answer.path)
            if listener.answers.setdefault(key, check.answer) != check.answer:
                raise CannotSatisfy(
                    f"another check of {spot.address}:{spot.port} wants a different answer to {' '.join(key)}"
                )
        if check.script and check.script not in listener.scripts:
            if any(_collide(check.script, other) for other in listener.scripts):
                raise CannotSatisfy(
                    f"another check of {spot.address}:{spot.port} begins like this and goes on otherwise"
                )
            listener.scripts.append(check.script)

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return them as records, in the order in which they were opened."""
        return tuple(
            Endpoint(
                role=listener.role,
                transport=cast("Transport", spot.transport),
                address=spot.address,
                port=spot.port,
                label=listener.label,
                scripts=tuple(listener.scripts),
                answers=tuple(listener.answers.values()),
                padded=spot.transport == "abstract" and listener.padded,
            )
            for spot, listener in self._listeners.items()
        )


def _collide(one: tuple[Step, ...], other: tuple[Step, ...]) -> bool:
    """Return whether the server could not tell from the first bytes which script is being played."""
    return (one[0].hear, one[0].hear_anything) == (other[0].hear, other[0].hear_anything)
