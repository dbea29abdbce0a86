"""One line into one value: the formats tried in order of use, HAProxy's messages, those of services. No I/O.

The reader keeps what lines before taught it: the year, which format which program's lines have.
"""

import re
from dataclasses import dataclass, field

from hitless.evidence.haproxy_messages import MessageKind, classify_message
from hitless.explain.formats.compile import LineFormat
from hitless.explain.formats.dates import parse_accepted
from hitless.explain.formats.fields import LineFields, field_arguments, read_fields
from hitless.explain.formats.known import known_formats, read_any_json
from hitless.explain.heads.head import Head, split_head
from hitless.explain.heads.stamps import StampReader, parse_iso
from hitless.explain.heads.wall_clock import WallClock
from hitless.explain.heads.wrapped import unwrap
from hitless.explain.service_lines import classify_service_line
from hitless.logged import (
    Clock,
    Entry,
    LinePlace,
    Moment,
    OwnMessage,
    ServiceMessage,
    SkipReason,
    Traffic,
    UnknownText,
)

__all__ = ["HAPROXY_UNIT", "EntryReader", "ReadOptions"]

HAPROXY_UNIT = re.compile(r"haproxy(?![._ -]*exporter)", re.IGNORECASE)
_LONGEST_TEXT = 16 * 1024
_TRIES = 64
"""So many lines of a program may be in no format before its lines are taken for another program's."""
_SEARCHED_CHARACTERS = 512
_ACCEPT_DATE = re.compile(r"(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d(?:\.\d{3}| [+-]\d{4}))")
_NEVER = Moment(t_ns=0, error_ns=0, clock=Clock.NONE)


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What is known before the first line is read."""

    formats: tuple[LineFormat, ...] = ()
    """Of the configuration, tried before HAProxy's own."""
    data_formats: tuple[LineFormat, ...] = ()
    """Of structured data (`log-format-sd`)."""
    error_formats: frozenset[str] = frozenset()
    """Names of those of `formats` that are of connections which failed (`error-log-format`)."""
    programs: frozenset[str] = frozenset()
    """Tags of HAProxy's lines (`log-tag`), besides those that begin with "haproxy"."""
    clock: WallClock = field(default_factory=WallClock)
    unit: re.Pattern[str] = HAPROXY_UNIT
    """Searched in what systemd says, for the unit of the service."""


class EntryReader:
    """Turns the lines of one source into entries, in the order of the source."""

    def __init__(self, source: int, options: ReadOptions, *, near_ns: int = 0, end_ns: int = 0) -> None:
        self._source = source
        self._options = options
        self.stamps = StampReader(options.clock, near_ns=near_ns, end_ns=end_ns)
        self._formats = [*options.formats, *known_formats()]
        self._strangers: dict[str, int] = {}
        self._last = _NEVER

    def read(self, raw: bytes, offset: int) -> Entry | SkipReason | None:
        """Return what a line says, why it says nothing to us, or None for an empty line."""
        if not raw.strip():
            return None
        head, moment = self._head(raw)
        if not head.message:
            return None
        place = LinePlace(source=self._source, offset=offset, size_bytes=len(raw))
        service = classify_service_line(head.program, head.message, unit=self._options.unit)
        if service is not None:
            return ServiceMessage(
                at=self._settle(moment, None),
                place=place,
                kind=service.kind,
                text=head.message[:_LONGEST_TEXT],
                host=head.host,
                program=head.program,
                unit=service.unit,
                number=service.number,
                state=service.state,
            )
        return self._of_haproxy(head, moment, place)

    def time_of(self, raw: bytes) -> Moment | None:
        """Return when a line of any program was written, None where it does not say."""
        if not raw.strip():
            return None
        head, moment = self._head(raw)
        if moment is None and not head.own:
            traffic = self._traffic(head, None, LinePlace(source=self._source, offset=0, size_bytes=0))
            moment = traffic.at if traffic is not None and traffic.at.clock is Clock.HAPROXY else None
        return moment

    def _head(self, raw: bytes) -> tuple[Head, Moment | None]:
        wrapped = unwrap(raw, self._options.clock)
        text = (
            wrapped.text if wrapped is not None else raw[:_LONGEST_TEXT].decode("utf-8", "backslashreplace")
        )
        head = split_head(text.rstrip("\r\n\0"))
        if head.stamp is not None and not self.stamps.has_reference:
            self._learn_year(head.message)
        moment = self.stamps.read(head.stamp) if head.stamp is not None else None
        if wrapped is None:
            return head, moment
        own = head.own or bool(head.program)
        head = Head(
            head.message,
            head.stamp,
            head.host or wrapped.host,
            head.program or wrapped.program,
            head.pid if own and head.pid else wrapped.pid,
            head.level or wrapped.level,
            head.own,
            head.data,
        )
        return head, wrapped.moment or moment

    def _learn_year(self, message: str) -> None:
        """Take the year from HAProxy's own date, for stamps that have none: files are copied, and lose their times."""
        date = _ACCEPT_DATE.search(message, 0, _SEARCHED_CHARACTERS)
        if date is None:
            return
        accepted = parse_accepted({"date": date[1]}, self._options.clock)
        if accepted is not None:
            self.stamps.learn(accepted.t_ns)

    def _of_haproxy(self, head: Head, moment: Moment | None, place: LinePlace) -> Entry | SkipReason:
        stranger = self._is_stranger(head.program)
        if stranger and self.is_other_program(head.program):
            return SkipReason.OTHER_PROGRAM
        if not head.own:
            traffic = self._traffic(head, moment, place)
            if traffic is not None:
                return traffic
        kind, subject, number = classify_message(head.message)
        if stranger and kind in {MessageKind.OTHER, MessageKind.CONFIG_ERROR}:
            self._strangers[head.program] += 1
            return SkipReason.OTHER_PROGRAM
        at, text = self._settle(moment, None), head.message[:_LONGEST_TEXT]
        if kind is MessageKind.OTHER and not head.own:
            return UnknownText(
                at=at, place=place, text=text, host=head.host, program=head.program, pid=head.pid
            )
        return OwnMessage(
            at=at,
            place=place,
            kind=kind,
            text=text,
            host=head.host,
            program=head.program,
            pid=head.pid,
            level=head.level,
            subject=subject,
            number=number,
        )

    def _traffic(self, head: Head, moment: Moment | None, place: LinePlace) -> Traffic | None:
        for position, line_format in enumerate(self._formats):
            fields = read_fields(line_format, head.message)
            if fields is not None:
                if position > len(self._options.formats):  # those of the configuration stay first
                    self._formats.insert(len(self._options.formats), self._formats.pop(position))
                return self._build(line_format.name, fields, head, moment, place)
        fields = read_any_json(head.message)
        return self._build("json", fields, head, moment, place) if fields is not None else None

    def _build(
        self, name: str, fields: LineFields, head: Head, moment: Moment | None, place: LinePlace
    ) -> Traffic:
        self._add_data(fields, head.data)
        near_ns = moment.t_ns if moment is not None else self._last.t_ns
        accepted = parse_accepted(fields.text, self._options.clock, near_ns=near_ns)
        if accepted is None and fields.text.get("date"):
            accepted = parse_iso(fields.text["date"], self._options.clock, near_ns=near_ns)
        pid = fields.number("pid")
        return Traffic(
            at=self._settle(moment, _ended(accepted, fields)),
            place=place,
            accepted=accepted,
            host=head.host,
            program=head.program,
            pid=pid if pid > 0 else head.pid,
            format_name=name,
            **field_arguments(fields),
        )

    def _add_data(self, fields: LineFields, data: str) -> None:
        """Add what the structured data of RFC 5424 has and the message has not."""
        for line_format in self._options.data_formats if data else ():
            found = read_fields(line_format, data)
            if found is not None:
                fields.text = found.text | fields.text
                fields.timers_ms = found.timers_ms | fields.timers_ms
                fields.counters = found.counters | fields.counters
                fields.other = found.other | fields.other
                return

    def _settle(self, moment: Moment | None, ended: Moment | None) -> Moment:
        """Return when a line was written: its stamp; else what its own date and times say; else not before the last."""
        if moment is None:
            moment = ended
        if moment is None:
            return (
                Moment(t_ns=self._last.t_ns, error_ns=0, clock=Clock.BETWEEN) if self._last.t_ns else _NEVER
            )
        self._last = moment
        return moment

    def is_other_program(self, program: str) -> bool:
        """Whether lines of a program were seen and none of them was HAProxy's."""
        return self._strangers.get(program, 0) >= _TRIES

    def _is_stranger(self, program: str) -> bool:
        if not program or program.startswith("haproxy") or program in self._options.programs:
            return False
        self._strangers.setdefault(program, 0)
        return True


def _ended(accepted: Moment | None, fields: LineFields) -> Moment | None:
    """Return when a connection ended by its own account: its date and its total time."""
    if accepted is None:
        return None
    total_ms = next((t for n in ("Ta", "Tt", "Tu") if (t := fields.timers_ms.get(n, -1)) >= 0), 0)
    return Moment(t_ns=accepted.t_ns + total_ms * 1_000_000, error_ns=accepted.error_ns, clock=Clock.HAPROXY)
