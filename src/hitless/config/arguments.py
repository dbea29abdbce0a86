"""What HAProxy's command line says: which files, which mode, which old processes, where the sockets come from.

Source: HAProxy 2.8 src/haproxy.c init_args(); -cc of 2.5, -dC of 2.7, -dA of 3.4.
"""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["WITH_VALUE", "HaproxyArguments", "parse_arguments"]

WITH_VALUE = frozenset({"-C", "-L", "-N", "-S", "-cc", "-f", "-m", "-n", "-p", "-x"})
"""Options that take the word behind them."""
_PID_LISTS = frozenset({"-sf", "-st"})


@dataclass(frozen=True, slots=True)
class HaproxyArguments:
    """A command line of HAProxy, taken apart. What stands several times is in order."""

    program: str = ""
    files: tuple[str, ...] = ()
    """-f, and what stands after "--"."""
    master_worker: bool = False
    """-W or -Ws."""
    systemd: bool = False
    """-Ws."""
    daemon: bool = False
    check: bool = False
    quiet: bool = False
    """-q."""
    master_sockets: tuple[str, ...] = ()
    """-S, with its options behind commas: "/run/m.sock,mode,600"."""
    pid_file: str = ""
    working_directory: str = ""
    local_peer: str = ""
    transfer_from: str = ""
    """-x: the socket to fetch listening sockets from."""
    soft_stop_pids: tuple[str, ...] | None = None
    """After -sf; None without it. Words as written: a script may have "$(cat /run/haproxy.pid)"."""
    hard_stop_pids: tuple[str, ...] | None = None
    """After -st."""
    no_reuseport: bool = False
    """-dR."""
    zero_warning: bool = False
    """-dW."""
    flags: tuple[str, ...] = ()
    """All options without a value, sorted, those above included: "-W", "-db", …"""
    unknown: tuple[str, ...] = ()

    @property
    def master_socket_paths(self) -> tuple[str, ...]:
        """The master CLI's addresses without their options and prefixes."""
        return tuple(s.split(",")[0].removeprefix("unix@") for s in self.master_sockets)


def parse_arguments(arguments: Sequence[str]) -> HaproxyArguments:
    """Return what a command line says, the program first. Any words parse: see `unknown`."""
    values: dict[str, list[str]] = {}
    flags: set[str] = set()
    pids: dict[str, list[str]] = {}
    unknown: list[str] = []
    words = iter(arguments[1:])
    pending: str | None = None
    for word in words:
        if word.startswith("-") and len(word) > 1:
            pending = None
        if word == "--":
            values.setdefault("-f", []).extend(words)
        elif word in _PID_LISTS:
            pids[word] = []
            pending = word
        elif word in WITH_VALUE:
            values.setdefault(word, []).append(next(words, ""))
        elif word.startswith("-") and len(word) > 1:
            flags.add(word)
        elif pending is not None:
            pids[pending].append(word)
        else:
            unknown.append(word)
    return _build(arguments, values, flags, pids, unknown)


def _build(
    arguments: Sequence[str],
    values: dict[str, list[str]],
    flags: set[str],
    pids: dict[str, list[str]],
    unknown: list[str],
) -> HaproxyArguments:
    def last(name: str) -> str:
        return values.get(name, [""])[-1]

    def listed(name: str) -> tuple[str, ...] | None:
        return tuple(pids[name]) if name in pids else None

    return HaproxyArguments(
        program=arguments[0] if arguments else "",
        files=tuple(values.get("-f", ())),
        master_worker=bool(flags & {"-W", "-Ws"}),
        systemd="-Ws" in flags,
        daemon="-D" in flags,
        check="-c" in flags,
        quiet="-q" in flags,
        master_sockets=tuple(values.get("-S", ())),
        pid_file=last("-p"),
        working_directory=last("-C"),
        local_peer=last("-L"),
        transfer_from=last("-x"),
        soft_stop_pids=listed("-sf"),
        hard_stop_pids=listed("-st"),
        no_reuseport="-dR" in flags,
        zero_warning="-dW" in flags,
        flags=tuple(sorted(flags)),
        unknown=tuple(unknown),
    )
