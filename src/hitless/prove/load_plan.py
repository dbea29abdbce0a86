"""Which clients go to each target, how many and how often. Pure.

The defaults keep two shared cores busy but not saturated, so that what is slow is HAProxy's doing and not the
generator's. Times respect the configuration's own timeouts: a client that idles longer than `timeout http-keep-alive`
would be closed without any reload.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hitless.config.model import Model, Proxy
from hitless.prove.targets import Targets
from hitless.records import LoadPlan, Request, Stream, Target, Workload

__all__ = ["LoadSize", "plan_load"]

RATE_BUDGET_PER_S = 1_200.0
"""All streams together; a configuration with many frontends gets less for each."""
MAX_FRACTION_OF_MAXCONN = 0.5


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
    total_rate = sum(share.rate_per_s for _, share in shares)
    scale = min(1.0, RATE_BUDGET_PER_S / total_rate) if total_rate else 1.0
    room = _connection_scale(model, shares)
    streams = tuple(
        _stream(number, target, share, requests, size, scale, room, tls_payload)
        for number, (target, share) in enumerate(shares)
    )
    return LoadPlan(streams=streams, processes=2 if size.full_rate else size.processes)


def _stream(
    number: int,
    target: Target,
    share: _Share,
    requests: Mapping[str, Request],
    size: LoadSize,
    rate_scale: float,
    connection_scale: float,
    tls_payload: frozenset[str],
) -> Stream:
    closed_loop = size.full_rate and share.workload is Workload.CONNECT
    return Stream(
        number=number,
        workload=share.workload,
        target=target,
        request=requests.get(target.frontend, Request()),
        connections=max(1, round(share.connections * connection_scale)),
        rate_per_s=0.0 if closed_loop else share.rate_per_s * rate_scale,
        idle_s=share.idle_s,
        duration_s=share.duration_s,
        streams_per_connection=share.streams_per_connection,
        timeout_s=size.timeout_s,
        tls_payload=target.frontend in tls_payload,
    )


def _shares(target: Target, timing: _Timing, size: LoadSize, *, is_main: bool) -> Iterator[_Share]:
    if target.h2_prior_knowledge:
        yield _h2(timing, size)
        return
    new_connections = 128 if size.full_rate else 16
    if not is_main:
        yield _Share(Workload.CONNECT, new_connections, rate_per_s=size.rate_per_s / 8)
        return
    yield _Share(Workload.CONNECT, new_connections, rate_per_s=size.rate_per_s / 2)
    if target.mode == "tcp":
        yield _Share(Workload.TCP, max(1, size.connections // 2), idle_s=min(0.25, timing.idle_s))
        return
    yield _Share(Workload.KEEPALIVE, size.connections, rate_per_s=size.rate_per_s)
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
    idle = next(
        (
            frontend.timeouts[n].seconds
            for n in ("http-keep-alive", "http-request", "client")
            if n in frontend.timeouts
        ),
        10.0,
    )
    answers = [
        t.seconds
        for p in (frontend, *_backends(model))
        for n, t in p.timeouts.items()
        if n in {"server", "client"}
    ]
    return _Timing(idle_s=0.6 * idle, exchange_s=0.5 * min((t for t in answers if t > 0), default=10.0))


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
