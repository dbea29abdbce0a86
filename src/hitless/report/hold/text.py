"""What a holder says, as lines for a person."""

from collections.abc import Iterator

from hitless.holding import HeldInstance, HeldSocket, HoldStatus
from hitless.report.page import Page
from hitless.report.plain import cells, neutralise
from hitless.report.wording import plural
from hitless.units import format_age, format_duration

__all__ = ["render"]

_INDENT = 2
_MOST_LET_GO = 5
_GAP = "  "


def render(status: HoldStatus, *, width: int = 80, colour: bool = False) -> str:
    """Return it as lines of at most `width` columns (at least 40), styled only with `colour`."""
    page = Page(max(width, 40), colour=colour)
    page.line(
        f"holder {status.pid} in {neutralise(status.directory)}, for {format_age(status.uptime_s)},"
        f" hitless {neutralise(status.tool_version)}",
        styles=("bold",),
    )
    if not status.instances:
        page.line("It holds for nobody: `hitless hold add NAME`.", indent=_INDENT)
    for instance in status.instances:
        page.blank()
        _write_instance(page, instance)
    return f"{str(page).rstrip()}\n"


def _write_instance(page: Page, instance: HeldInstance) -> None:
    word, style = _state(instance)
    row: list[tuple[str, tuple[str, ...]]] = [(neutralise(instance.name), ("bold",)), (word, ("bold", style))]
    row.append((_summary(instance), ()))
    page.row(row, indent=0, hang=_INDENT)
    if instance.problem:
        page.hanging("problem ", neutralise(instance.problem), indent=_INDENT)
    table = [("socket", "inode", "accepted by", "queue", "nobody for"), *map(_row, instance.sockets)]
    if instance.sockets:
        for line in _table(table):
            page.line(line, indent=_INDENT)
    for gone in instance.let_go[-_MOST_LET_GO:]:
        page.hanging("closed ", f"{neutralise(gone.endpoint)}: {neutralise(gone.why)}", indent=_INDENT)


def _state(instance: HeldInstance) -> tuple[str, str]:
    if not instance.sockets:
        return "NOTHING HELD", "yellow"
    if instance.unattended:
        return "NOBODY ACCEPTS", "red"
    return ("HELD", "green") if all(s.acceptors for s in instance.sockets) else ("NOT KNOWN", "yellow")


def _summary(instance: HeldInstance) -> str:
    said = plural(len(instance.sockets), "socket")
    if instance.unattended and len(instance.unattended) < len(instance.sockets):
        said += f", {len(instance.unattended)} of them without anybody"
    return f"{said}; closed after {format_duration(instance.close_after_s)} without anybody"


def _row(socket: HeldSocket) -> tuple[str, ...]:
    name = socket.endpoint
    if socket.interface:
        name += f" on {socket.interface}"
    if socket.namespace:
        name += f" in namespace {socket.namespace}"
    if socket.kind == "datagram":
        name += " (datagrams)"
    queue = "not known" if socket.queue_length is None else f"{socket.queue_length} of {socket.queue_limit}"
    waited = "" if socket.unattended_s is None else format_duration(socket.unattended_s)
    accepted = ", ".join(map(str, socket.acceptors)) or ("nobody" if waited else "not known")
    return neutralise(name), str(socket.inode), accepted, queue, waited


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(cells(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        padded = (text + " " * (width - cells(text)) for text, width in zip(row, widths, strict=True))
        yield _GAP.join(padded).rstrip()
