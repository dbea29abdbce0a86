"""Which processes belong to one service: those of a host that share a master or a frontend.

Processes that served nobody have no frontend. They belong to the only service of their program that has one; where
there is none, or are several, they are a service of their own.
"""

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
    for attempt in attempts:
        for number, life in enumerate(lives):
            if life.pid in attempt.new_pids:
                union.join(("life", number), ("master", attempt.master))
    _join_those_without_a_frontend(lives, union)
    families = [[lives[n] for n in group] for group in _groups(lives, union).values()]
    return sorted(families, key=lambda family: -sum(life.lines for life in family))


def _join_those_without_a_frontend(lives: Sequence[Life], union: "_Union") -> None:
    served: dict[str, list[int]] = defaultdict(list)
    idle: dict[str, list[int]] = defaultdict(list)
    for group in _groups(lives, union).values():
        table = served if any(lives[n].frontends - {""} for n in group) else idle
        table[lives[group[0]].program].append(group[0])
    for program, members in idle.items():
        only = served[program] if len(served[program]) == 1 else []
        for member in [*members, *only]:
            union.join(("life", member), ("life", members[0]))


def _groups(lives: Sequence[Life], union: "_Union") -> dict[object, list[int]]:
    """Return the numbers of the lives of each group."""
    groups: dict[object, list[int]] = defaultdict(list)
    for number in range(len(lives)):
        groups[union.root(("life", number))].append(number)
    return groups


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
