"""Which request a frontend is asked: the user's, else the one of several candidates that it answers best. Pure."""

from __future__ import annotations

from itertools import islice, product
from typing import TYPE_CHECKING

import msgspec

from hitless.attempts import OUTCOME_CODES
from hitless.errors import UsageError
from hitless.records import Outcome, Request, Stream, Workload

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    from hitless.config.hints import RequestHints
    from hitless.records import Target

__all__ = ["candidates", "check_frontends", "choose", "probe_streams"]

CANDIDATES_PER_FRONTEND = 16
PROBE_RATE_PER_S = 5.0
PROBE_TIMEOUT_S = 2.0
NO_ANSWER = 100

_ANSWERED_OK = (OUTCOME_CODES[Outcome.OK], OUTCOME_CODES[Outcome.SLOW])


def check_frontends(named: Iterable[str], frontends: Iterable[str]) -> None:
    """Refuse a request for a frontend that is not there: it would silently not be asked.

    Raises: UsageError with the names there are.
    """
    known = dict.fromkeys(frontends)
    for name in named:
        if name and name not in known:
            raise UsageError(
                f"--request and --header: there is no frontend {name!r} with an address.",
                hint=f"There are: {', '.join(known)}." if known else "",
            )


def candidates(asked: Request | None, hints: RequestHints | None) -> tuple[Request, ...]:
    """Return the requests worth trying: the user's (on each host the configuration names, if none was given)."""
    if asked is not None and (asked.host or hints is None):
        return (asked,)
    hosts = hints.hosts if hints is not None else ()
    if asked is not None:
        found = (msgspec.structs.replace(asked, host=host) for host in ("", *hosts))
    else:
        paths = hints.paths if hints is not None else ()
        headers = hints.headers if hints is not None else ()
        found = (Request(path=path, host=host, headers=headers) for host, path in _combinations(hosts, paths))
    return tuple(islice(dict.fromkeys(found), CANDIDATES_PER_FRONTEND))


def _combinations(hosts: Sequence[str], paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield host and path, the plainest first: "/" on every host, then every path without a host, then the rest."""
    yield "", "/"
    yield from ((host, "/") for host in hosts)
    yield from (("", path) for path in paths)
    yield from product(hosts, paths)


def probe_streams(
    targets: Sequence[Target], requests: Mapping[str, Sequence[Request]], *, tls_payload: frozenset[str]
) -> list[Stream]:
    """Return one slow stream of new connections for each target and candidate."""
    streams: list[Stream] = []
    for target in targets:
        for request in requests.get(target.frontend, (Request(),)):
            streams.append(
                Stream(
                    number=len(streams),
                    workload=Workload.CONNECT,
                    target=target,
                    request=request,
                    rate_per_s=PROBE_RATE_PER_S,
                    timeout_s=PROBE_TIMEOUT_S,
                    tls_payload=target.frontend in tls_payload,
                )
            )
    return streams


def choose(streams: Sequence[Stream], rows: npt.NDArray[np.void]) -> dict[str, tuple[Request, int]]:
    """Return for each frontend the request it answered best, and how well (0 is best, `NO_ANSWER` is not at all)."""
    best: dict[str, tuple[Request, int]] = {}
    for stream in streams:
        mine = rows[rows["stream"] == stream.number]
        rank = min(
            (_rank(int(row["status"]), int(row["outcome"]), stream) for row in mine), default=NO_ANSWER
        )
        frontend = stream.target.frontend
        if frontend not in best or rank < best[frontend][1]:
            best[frontend] = (stream.request, rank)
    return best


def _rank(status: int, outcome: int, stream: Stream) -> int:
    if stream.target.mode == "tcp":
        return 0 if outcome in _ANSWERED_OK else NO_ANSWER
    if not status:
        return NO_ANSWER
    if status < 300:
        return 0
    if status < 400:
        return 1
    return 2 if status in {401, 403, 404, 405} else 3 if status < 500 else 4
