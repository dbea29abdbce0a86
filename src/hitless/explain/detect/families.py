"""Which processes belong to one service: those of a host that share a master or a frontend."""

from collections import defaultdict
from collections.abc import Sequence

from hitless.explain.detect.attempts import Attempt
from hitless.explain.detect.lives import Life

__all__ = ["split_families"]


def split_families(lives: Sequence[Life], attempts: Sequence[Attempt]) -> list[list[Life]]:
    """Return the lives of each service, in their order; the service with most lines first."""
    union = _Union()
    for number, life in enumerate(lives):
        union.join(("life", number), ("life", number))
        for frontend in life.frontends - {""}:
            union.join(("life", number), ("frontend", frontend))
        if life.master:
            union.join(("life", number), ("master", life.master))
        if not life.frontends and not life.master:
            union.join(("life", number), ("program", life.program))
    for attempt in attempts:
        for number, life in enumerate(lives):
            if life.pid in attempt.new_pids:
                union.join(("life", number), ("master", attempt.master))
    groups: dict[object, list[Life]] = defaultdict(list)
    for number, life in enumerate(lives):
        groups[union.root(("life", number))].append(life)
    return sorted(groups.values(), key=lambda group: -sum(life.lines for life in group))


class _Union:
    def __init__(self) -> None:
        self._parents: dict[object, object] = {}

    def root(self, node: object) -> object:
        while (parent := self._parents.setdefault(node, node)) != node:
            self._parents[node] = self._parents[parent]
            node = parent
        return node

    def join(self, one: object, other: object) -> None:
        self._parents[self.root(one)] = self.root(other)
