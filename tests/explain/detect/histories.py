"""Histories of a HAProxy service, made up, and the lines that its processes would have logged."""

from dataclasses import dataclass, field

from hitless.evidence.haproxy_messages import MessageKind, classify_message
from hitless.logged import Clock, LinePlace, Moment, OwnMessage, ServiceKind, ServiceMessage, Traffic
from tests.explain.activity_table import ActivityTable

SECOND = 1_000_000_000
START_S = 1_795_921_075


def at(seconds: float, *, error_ns: int = 1000, clock: Clock = Clock.SYSLOG) -> Moment:
    t_ns = START_S * SECOND + round(seconds * 1_000_000) * 1000
    return Moment(t_ns=t_ns - t_ns % error_ns, error_ns=error_ns, clock=clock)


@dataclass
class History:
    """What is logged, as it happens; times are seconds from a start."""

    host: str = "lb1"
    program: str = "haproxy"
    coarse: bool = False
    """Stamps of syslog are whole seconds."""
    own: list[OwnMessage] = field(default_factory=list)
    services: list[ServiceMessage] = field(default_factory=list)
    table: ActivityTable = field(default_factory=ActivityTable)
    _offset: int = 0

    def place(self) -> LinePlace:
        self._offset += 100
        return LinePlace(source=0, offset=self._offset, size_bytes=99)

    def stamp(self, seconds: float) -> Moment:
        return at(seconds, error_ns=SECOND if self.coarse else 1000)

    def say(self, seconds: float, pid: int, text: str) -> None:
        kind, subject, number = classify_message(text)
        assert kind is not MessageKind.OTHER, text
        self.own.append(
            OwnMessage(
                at=self.stamp(seconds),
                place=self.place(),
                kind=kind,
                text=text,
                host=self.host,
                program=self.program,
                pid=pid,
                subject=subject,
                number=number,
            )
        )

    def manage(self, seconds: float, kind: ServiceKind, text: str = "", **more: int | str) -> None:
        self.services.append(
            ServiceMessage(
                at=self.stamp(seconds),
                place=self.place(),
                kind=kind,
                text=text,
                host=self.host,
                **more,  # type: ignore[arg-type]
            )
        )

    def request(self, accepted: float, pid: int, *, took: float = 0.01, frontend: str = "web") -> None:
        self.table.add(
            Traffic(
                at=self.stamp(accepted + took),
                place=self.place(),
                accepted=at(accepted, error_ns=1_000_000, clock=Clock.HAPROXY),
                host=self.host,
                program=self.program,
                pid=pid,
                frontend=frontend,
            )
        )

    def serve(self, start: float, end: float, *pids: int, every: float = 0.2, frontend: str = "web") -> None:
        number = 0
        while start + number * every < end:
            for pid in pids:
                self.request(start + number * every, pid, frontend=frontend)
            number += 1

    def soft_stop(self, seconds: float, pid: int, *proxies: str) -> None:
        for proxy in proxies or ("web",):
            self.say(seconds, pid, f"Proxy {proxy} stopped (cumulated conns: FE: 1, BE: 0).")


def offset_s(moment: Moment) -> float:
    """When it was, in seconds from the start."""
    return (moment.t_ns - START_S * SECOND) / SECOND
