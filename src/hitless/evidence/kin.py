"""Whether a process lives in the watched network namespace, also one that has ended: its children tell.

The launcher of a daemon opens the listening sockets, forks the process that serves them, and is gone within
milliseconds, before anybody can look at it. What it forked after it had opened a socket has inherited the socket and
lives where it lived.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping

__all__ = ["Kin"]

MOST_REMEMBERED = 16_384


class Kin:
    """Answers for processes by their number.

    `listens_here` looks at a living process: whether it is in the namespace, None where that cannot be known. `living`
    has what was seen of those that lived before the trace began. All are threads: the trace knows no processes.
    """

    def __init__(
        self, listens_here: Callable[[int], bool | None], living: Mapping[int, bool] | None = None
    ) -> None:
        self._listens_here = listens_here
        self._living = dict(living or {})
        self._born: dict[int, bool] = {}
        self._forks: deque[tuple[int, int, int]] = deque(maxlen=MOST_REMEMBERED)
        self._unlooked: deque[int] = deque(maxlen=MOST_REMEMBERED)

    def forked(self, t_ns: int, parent: int, child: int) -> None:
        """Take notice of a new process, or thread. What had its number before is not it."""
        self._living.pop(child, None)
        self._born.pop(child, None)
        self._forks.append((t_ns, parent, child))
        self._unlooked.append(child)

    def look(self) -> None:
        """Look at the processes that have been born since the last call, while they live."""
        while self._unlooked:
            pid = self._unlooked.popleft()
            here = self._listens_here(pid)
            if here is not None:
                self._born[pid] = here
        while len(self._born) > MOST_REMEMBERED:
            del self._born[next(iter(self._born))]

    def opens_here(self, pid: int, t_ns: int) -> bool | None:
        """Return whether what this process opened at `t_ns` is in the namespace; None: that cannot be known.

        How it was seen right after its birth says nothing: `ip netns exec` is born here and goes elsewhere.
        """
        here = self._listens_here(pid)
        return here if here is not None else self._by_descendants(pid, t_ns)

    def closes_here(self, pid: int, t_ns: int) -> bool | None:
        """Return the same of what it closed: as it was seen while it lived will do."""
        here = self._listens_here(pid)
        if here is None:
            here = self._living.get(pid, self._born.get(pid))
        return here if here is not None else self._by_descendants(pid, t_ns)

    def _by_descendants(self, pid: int, since_ns: int) -> bool | None:
        """Return what all say that it and its children forked since then, as far as they are known."""
        answers = {
            self._living.get(child, self._born.get(child)) for child in self._descendants(pid, since_ns)
        }
        answers.discard(None)
        return answers.pop() if len(answers) == 1 else None

    def _descendants(self, pid: int, since_ns: int) -> Iterator[int]:
        children: defaultdict[int, list[int]] = defaultdict(list)
        for t_ns, parent, child in self._forks:
            if t_ns >= since_ns:
                children[parent].append(child)
        waiting, met = [pid], {pid}
        while waiting:
            for child in children[waiting.pop()]:
                if child not in met:
                    met.add(child)
                    waiting.append(child)
                    yield child
