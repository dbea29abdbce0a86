"""The words of `hitless explain`, and the inputs that they mean."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from hitless.cli.duration import Duration
from hitless.errors import ConfigError, EvidenceError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from hitless.config.model import Model
    from hitless.explain.entries import ReadOptions
    from hitless.explain.inputs.chosen import Chosen
    from hitless.explain.window import Window
    from hitless.explanations import InputRead
    from hitless.reload.history_query import Query
    from hitless.reloads import Receipt

__all__ = ["PARAMETERS", "choose_inputs", "choose_receipts"]

_PACKAGED = "/etc/haproxy/haproxy.cfg"
_DEFAULT_SINCE_NS = 24 * 3600 * 1_000_000_000
_MOST_RECEIPTS = 10_000

PARAMETERS: tuple[click.Parameter, ...] = (
    click.Argument(["files"], nargs=-1, type=click.Path()),
    click.Option(
        ["--config", "configuration"],
        multiple=True,
        type=click.Path(),
        help=f"The configuration: its log formats, its listeners  [default: {_PACKAGED}, if it is there]",
    ),
    click.Option(["--since"], metavar="TIME", help="Begin there  [default without FILES: 24h]"),
    click.Option(["--until"], metavar="TIME", help="End there."),
    click.Option(["--around"], metavar="TIME", help="Look around this time."),
    click.Option(
        ["--span", "span_s"],
        type=Duration(),
        default=300.0,
        metavar="TIME",
        help="With --around: so long before and after  [default: 5m]",
    ),
    click.Option(
        ["--zone"],
        metavar="NAME",
        help="Time zone of stamps without one, e.g. Europe/Berlin  [default: this host's]",
    ),
    click.Option(
        ["--journal/--no-journal"], default=None, help="Read this host's journal  [default: without FILES]"
    ),
    click.Option(
        ["--unit", "units"],
        multiple=True,
        metavar="NAME",
        help="HAProxy's unit in the journal  [default: haproxy]",
    ),
    click.Option(
        ["--receipts/--no-receipts"], default=None, help="Read this host's receipts  [default: without FILES]"
    ),
    click.Option(
        ["--rotated/--no-rotated"],
        default=None,
        help="Read rotated files of a log too  [default: without FILES]",
    ),
    click.Option(
        ["--app-log", "applications"],
        multiple=True,
        type=click.Path(),
        help="A log of an application; repeatable.",
    ),
    click.Option(
        ["--pattern", "patterns"],
        multiple=True,
        metavar="REGEX",
        help="What broken connections look like there.",
    ),
    click.Option(
        ["--listen", "listeners"],
        multiple=True,
        metavar="ADDRESS:PORT",
        help="Where HAProxy listens, for captures.",
    ),
)


def choose_inputs(words: Mapping[str, Any]) -> Chosen:
    """Return what is to be looked at.

    Raises: UsageError for words that cannot be; EvidenceError if a file cannot be read.
    """
    from hitless.explain.inputs.chosen import Chosen
    from hitless.explain.inputs.kinds import kind_of
    from hitless.explanations import InputKind

    zone = _zone(words["zone"])
    window, notes = _window(words, zone)
    read, given, listeners = _configured(words, zone)
    of_kind: dict[InputKind, list[str]] = {kind: [] for kind in InputKind}
    for path in words["files"]:
        of_kind[kind_of(path)].append(path)
    logs, why = tuple(of_kind[InputKind.LOG]), ""
    if not words["files"]:
        logs, why = _default_logs()
    if words["rotated"] or (words["rotated"] is None and not words["files"]):
        from hitless.explain.inputs.discover import rotated

        logs = rotated(logs, since_ns=window.since_ns)
    wants_journal = (
        words["journal"] if words["journal"] is not None else not words["files"] and _has_journal()
    )
    return Chosen(
        logs=logs,
        units=(words["units"] or ("haproxy",)) if wants_journal else (),
        journal_directories=tuple(of_kind[InputKind.JOURNAL]),
        captures=tuple(of_kind[InputKind.CAPTURE]),
        receipts=tuple(of_kind[InputKind.RECEIPTS]),
        proofs=tuple(of_kind[InputKind.PROOF]),
        errors=tuple(of_kind[InputKind.ERRORS]),
        applications=words["applications"],
        patterns=words["patterns"],
        listeners=(*words["listeners"], *([] if words["listeners"] else listeners)),
        read=read,
        window=window,
        given=given,
        why=why,
        notes=notes,
    )


def choose_receipts(chosen: Chosen, words: Mapping[str, Any]) -> tuple[Receipt, ...]:
    """Return the receipts of the window, the oldest first.

    Raises: EvidenceError if they cannot be read.
    """
    from pathlib import Path

    from hitless.reload.history import find_receipts
    from hitless.reload.history_query import Query
    from hitless.reload.receipts import receipts_directory

    wanted = words["receipts"] if words["receipts"] is not None else not words["files"]
    window = chosen.window
    query = Query(
        since_s=window.since_ns / 1e9 if window.since_ns is not None else None,
        until_s=window.until_ns / 1e9 if window.until_ns is not None else None,
        limit=_MOST_RECEIPTS,
    )
    found: list[Receipt] = []
    for path in (*chosen.receipts, *([receipts_directory()] if wanted else [])):
        if Path(path).is_file():
            found += _receipts_of_file(path, query)
        else:
            found += find_receipts(path, query).receipts
    return tuple(sorted(found, key=lambda receipt: receipt.started_at))


def _receipts_of_file(path: str, query: Query) -> list[Receipt]:
    """Return the receipts of one file: lines of the store, or one document of `hitless history ID --format json`."""
    from hitless.explain.inputs.unpacked import open_unpacked
    from hitless.reload.history_query import matches, traits
    from hitless.reload.receipt_line import LINE_LIMIT_BYTES, decode_line

    found = []
    with open_unpacked(path) as stream:
        data = stream.read(64 * LINE_LIMIT_BYTES)
    lines = [data] if data.startswith(b"{\n") else data.splitlines()
    for line in filter(bytes.strip, lines):
        try:
            receipt = decode_line(line)
        except ValueError as error:
            raise EvidenceError(f"{path} holds a line that is no receipt: {error}.") from error
        if matches(query, traits(receipt)):
            found.append(receipt)
    return found


def _zone(name: str | None) -> tzinfo | None:
    if not name:
        return None
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(
            f"--zone {name} is no time zone that is known here.", hint="For example: Europe/Berlin, UTC"
        ) from error


def _window(words: Mapping[str, Any], zone: tzinfo | None) -> tuple[Window, tuple[str, ...]]:
    from hitless.explain.window import Window

    if words["around"]:
        if words["since"] or words["until"]:
            raise UsageError("Either --around or --since and --until.")
        middle = _time("--around", words["around"], zone)
        span_ns = round(words["span_s"] * 1e9)
        return Window(middle - span_ns, middle + span_ns), ()
    since = _time("--since", words["since"], zone) if words["since"] else None
    until = _time("--until", words["until"], zone, end=True) if words["until"] else None
    if since is not None and until is not None and until <= since:
        raise UsageError("--until is not after --since.")
    if words["files"] or since is not None:
        return Window(since, until), ()
    end_ns = until or round(datetime.now(UTC).timestamp() * 1e9)
    return Window(end_ns - _DEFAULT_SINCE_NS, until), ("No time was asked for: these are the last 24 hours.",)


def _time(option: str, text: str, zone: tzinfo | None, *, end: bool = False) -> int:
    from hitless.explain.inputs.times import parse_time

    try:
        return parse_time(text, datetime.now(UTC), zone, end=end)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"{option} {text} is no time.",
            hint="Write 03:00, 2026-11-29T03:00, 2026-11-29, 2h (ago), or RFC 3339.",
        ) from error


def _configured(
    words: Mapping[str, Any], zone: tzinfo | None
) -> tuple[ReadOptions, tuple[InputRead, ...], tuple[str, ...]]:
    """Return how lines are read by the configuration, the configuration as an input, and where it listens."""
    import re
    from pathlib import Path

    from hitless.config import build_model
    from hitless.config.files import read_files
    from hitless.explain.entries import HAPROXY_UNIT, ReadOptions
    from hitless.explain.formats.configured import read_configured_logging
    from hitless.explain.heads.wall_clock import WallClock
    from hitless.explanations import InputKind, InputRead

    unit = re.compile("|".join(map(re.escape, words["units"]))) if words["units"] else HAPROXY_UNIT
    paths = words["configuration"] or ((_PACKAGED,) if Path(_PACKAGED).is_file() else ())
    if not paths:
        return ReadOptions(clock=WallClock(zone), unit=unit), (), ()
    try:
        files = read_files(paths)
    except ConfigError:
        if words["configuration"]:
            raise
        return ReadOptions(clock=WallClock(zone), unit=unit), (), ()
    model = build_model(files, environment={})
    logging = read_configured_logging(model, files)
    read = ReadOptions(
        formats=logging.formats,
        data_formats=logging.data_formats,
        error_formats=logging.error_formats,
        programs=logging.programs,
        clock=WallClock(zone),
        unit=unit,
    )
    given = InputRead(
        kind=InputKind.CONFIGURATION,
        name=", ".join(paths),
        items=len(logging.formats),
        why="" if words["configuration"] else "of this host",
        notes=tuple(f"log format not understood: {problem}" for problem in logging.problems),
    )
    # A capture from elsewhere has nothing to do with what this host binds.
    return read, (given,), _listeners(model) if words["configuration"] else ()


def _listeners(model: Model) -> tuple[str, ...]:
    """Return the endpoints of TCP that a configuration binds, as captures take them."""
    addresses = [
        address
        for proxy in model.proxies
        for bind in proxy.binds
        for address in bind.addresses
        if address.kind == "ip" and address.port
    ]
    return tuple(
        dict.fromkeys(f"[{a.host}]:{a.port}" if ":" in a.host else f"{a.host}:{a.port}" for a in addresses)
    )


def _default_logs() -> tuple[tuple[str, ...], str]:
    from hitless.explain.inputs.discover import find_logs
    from hitless.host.logging_facts import read_logging
    from hitless.host.root import HostRoot

    facts, _ = read_logging(HostRoot())
    return find_logs(file.text for file in facts.files)


def _has_journal() -> bool:
    import shutil

    return shutil.which("journalctl") is not None
