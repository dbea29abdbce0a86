"""Which clients go to each target, how many and how often. Pure.

The defaults keep two shared cores busy but not saturated, so that what is slow is HAProxy's doing and not the
generator's. Times respect the configuration's own timeouts: a client that idles longer than `timeout http-keep-alive`
would be closed without any reload.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec

from hitless.config.model import Model, Proxy
from hitless.prove.targets import Targets
from hitless.records import LoadPlan, Request, Stream, Target, Workload

__all__ = ["LoadSize", "plan_load"]

RATE_BUDGET_PER_S = 1_200.0
"""All streams together; a configuration with many frontends gets less for each. One that is alone gets what was asked
for, be it more."""
MAX_CONNECT_RATE_PER_S = 400.0
MAX_FRACTION_OF_MAXCONN = 0.5
NO_TIMEOUT_S = 10.0
"""In place of a timeout that is not set, or 0: never."""

_IDLE_TIMEOUTS = ("http-keep-alive", "http-request", "client")
"""What ends an idle connection: the first that is set.

Source: HAProxy 2.8 doc/configuration.txt, timeout http-keep-alive.
"""


@dataclass(frozen=True, slots=True)
class LoadSize:
    """What the user may set: connections and rate of the keep-alive pool per frontend, and which workloads run."""

    connections: int = 40
    rate_per_s: float = 200.0
    full_rate: bool = False
    """New connections in a closed loop, as fast as they are answered."""
    workloads: frozenset[Workload] = frozenset(Workload)
    processes: int = 1
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True)
class _Timing:
    """Seconds that the frontend's timeouts leave for each kind of waiting."""

    idle_s: float
    exchange_s: float


_UNKNOWN_TIMING = _Timing(idle_s=1.5, exchange_s=1.2)


@dataclass(frozen=True, slots=True)
class _Share:
    """One workload of one target before scaling."""

    workload: Workload
    connections: int
    rate_per_s: float = 0.0
    idle_s: float = 0.0
    duration_s: float = 0.0
    streams_per_connection: int = 1
    rest_limit_s: float = 0.0
    """How long a connection may rest between two requests; 0: for ever."""
    takes_what_is_left: bool = False
    """New connections are what makes a gap visible: they get what others leave of the rate budget."""


@dataclass(frozen=True, slots=True)
class _Scale:
    """By how much to shrink what was asked for, at most 1; `left_per_s` is what each share may take of the rest."""

    rate: float
    connections: float
    left_per_s: float


def plan_load(
    targets: Targets,
    model: Model | None,
    requests: Mapping[str, Request],
    size: LoadSize,
    *,
    tls_payload: frozenset[str] = frozenset(),
) -> LoadPlan:
    """Return the load for these targets.

    `model` is the configuration, where it is known; `requests` is by frontend; `tls_payload` names tcp frontends that
    route by the server name inside TLS.
    """
    shares = [
        (target, share)
        for target, is_main in [(t, True) for t in targets.main] + [(t, False) for t in targets.further]
        for share in _shares(target, _timing(model, target), size, is_main=is_main)
        if share.workload in size.workloads
    ]
    scale = _Scale(_rate_scale(size, shares), _connection_scale(model, shares), _left_per_s(shares))
    streams = tuple(
        msgspec.structs.replace(
            _stream(number, target, share, size, scale),
            request=requests.get(target.frontend, Request()),
            tls_payload=target.frontend in tls_payload,
        )
        for number, (target, share) in enumerate(shares)
    )
    return LoadPlan(streams=streams, processes=2 if size.full_rate else size.processes)


def _rate_scale(size: LoadSize, shares: list[tuple[Target, _Share]]) -> float:
    total = sum(share.rate_per_s for _, share in shares)
    return min(1.0, max(RATE_BUDGET_PER_S, 2 * size.rate_per_s) / total) if total else 1.0


def _left_per_s(shares: list[tuple[Target, _Share]]) -> float:
    takers = sum(share.takes_what_is_left for _, share in shares)
    others = sum(share.rate_per_s for _, share in shares if not share.takes_what_is_left)
    return min(MAX_CONNECT_RATE_PER_S, max(0.0, RATE_BUDGET_PER_S - others) / takers) if takers else 0.0


def _stream(number: int, target: Target, share: _Share, size: LoadSize, scale: _Scale) -> Stream:
    closed_loop = size.full_rate and share.workload is Workload.CONNECT
    rate_per_s = share.rate_per_s * scale.rate
    if share.takes_what_is_left:
        rate_per_s = max(rate_per_s, scale.left_per_s)
    connections = round(share.connections * scale.connections)
    if share.rest_limit_s:
        connections = min(connections, int(rate_per_s * share.rest_limit_s))
    return Stream(
        number=number,
        workload=share.workload,
        target=target,
        connections=max(1, connections),
        rate_per_s=0.0 if closed_loop else rate_per_s,
        idle_s=share.idle_s,
        duration_s=share.duration_s,
        streams_per_connection=share.streams_per_connection,
        timeout_s=size.timeout_s,
    )


def _shares(target: Target, timing: _Timing, size: LoadSize, *, is_main: bool) -> Iterator[_Share]:
    if target.h2_prior_knowledge:
        yield _h2(timing, size)
        return
    new_connections = 128 if size.full_rate else 16
    if not is_main:
        yield _Share(Workload.CONNECT, new_connections, rate_per_s=size.rate_per_s / 8)
        return
    yield _Share(Workload.CONNECT, new_connections, rate_per_s=size.rate_per_s / 2, takes_what_is_left=True)
    if target.mode == "tcp":
        yield _Share(Workload.TCP, max(1, size.connections // 2), idle_s=min(0.25, timing.idle_s))
        return
    yield _Share(Workload.KEEPALIVE, size.connections, rate_per_s=size.rate_per_s, rest_limit_s=timing.idle_s)
    yield _Share(Workload.IDLE, max(1, size.connections // 2), idle_s=min(1.5, timing.idle_s))
    yield _Share(Workload.INFLIGHT, 6, duration_s=min(1.2, timing.exchange_s))
    yield _Share(Workload.UPLOAD, 4, duration_s=min(1.2, timing.exchange_s))
    yield _Share(Workload.STREAM, 3, duration_s=6.0)
    yield _Share(Workload.WEBSOCKET, 5, idle_s=0.25)
    if "h2" in target.alpn:
        yield _h2(timing, size)


def _h2(timing: _Timing, size: LoadSize) -> _Share:
    return _Share(
        Workload.H2,
        4,
        rate_per_s=size.rate_per_s * 0.3,
        idle_s=timing.idle_s,
        streams_per_connection=5,
    )


def _timing(model: Model | None, target: Target) -> _Timing:
    if model is None:
        return _UNKNOWN_TIMING
    frontend = next((proxy for proxy in model.frontends if proxy.name == target.frontend), None)
    if frontend is None:
        return _UNKNOWN_TIMING
    timeouts = {name: timeout.seconds for name, timeout in frontend.timeouts.items() if timeout.seconds > 0}
    idle_s = next((timeouts[name] for name in _IDLE_TIMEOUTS if name in timeouts), NO_TIMEOUT_S)
    answers = [
        timeout.seconds
        for proxy in (frontend, *_backends(model))
        for name, timeout in proxy.timeouts.items()
        if name in {"server", "client"} and timeout.seconds > 0
    ]
    return _Timing(idle_s=0.6 * idle_s, exchange_s=0.5 * min(answers, default=NO_TIMEOUT_S))


def _backends(model: Model) -> list[Proxy]:
    return [proxy for proxy in model.proxies if proxy.kind == "backend"]


def _connection_scale(model: Model | None, shares: list[tuple[Target, _Share]]) -> float:
    """Return by how much to shrink the pools so that the frontends' and the process's maxconn leave room."""
    if model is None:
        return 1.0
    limit = model.global_value("maxconn")
    scales = [1.0]
    if limit is not None and limit.words[-1].isdigit():
        scales.append(_fit(int(limit.words[-1]), sum(share.connections for _, share in shares)))
    for frontend in model.frontends:
        own = frontend.all("maxconn")
        if own and own[-1].words[-1].isdigit():
            wanted = sum(share.connections for target, share in shares if target.frontend == frontend.name)
            scales.append(_fit(int(own[-1].words[-1]), wanted))
    return min(scales)


def _fit(maxconn: int, wanted: int) -> float:
    return min(1.0, MAX_FRACTION_OF_MAXCONN * maxconn / wanted) if wanted and maxconn else 1.0
