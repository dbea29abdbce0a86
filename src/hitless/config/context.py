"""What the readers of sections share, and the pieces of syntax that several sections have in common."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from hitless.config.active import Diagnostics
from hitless.config.addresses import AddressError, parse_address, parse_addresses
from hitless.config.model import Address, Bind, Directive, LogTarget
from hitless.config.options import bind_options

__all__ = ["Context", "read_bind", "read_log_line"]

_SYSLOG_PORT = 514
_STREAMS = frozenset({"stdout", "stderr"})


@dataclass(slots=True)
class Context:
    """What earlier sections decide for later ones."""

    variables: Mapping[bytes, bytes]
    diagnostics: Diagnostics
    unix_prefix: str = ""
    global_log_targets: list[LogTarget] = field(default_factory=list)

    def note(self, directive: Directive, why: str) -> None:
        """Note a line that could not be understood."""
        self.diagnostics.add(directive.where, why)


def read_bind(
    context: Context, directive: Directive, words: Sequence[str], *, unix_prefix: str = ""
) -> Bind | None:
    """Return what the words after `bind` or `stats socket` say, or None (noted) without a usable address."""
    if not words:
        context.note(directive, "expects an address")
        return None
    try:
        addresses = parse_addresses(words[0], context.variables, unix_prefix=unix_prefix)
    except AddressError as error:
        context.note(directive, str(error))
        return None
    options, unknown = bind_options(words[1:])
    for word in unknown:
        context.note(directive, f"unknown keyword '{word}' on a bind line")
    return Bind(addresses, options, directive.where)


def read_log_line(context: Context, directive: Directive, targets: Iterable[LogTarget]) -> list[LogTarget]:
    """Return the log targets in force after a `log` or `no log` line.

    Source: HAProxy 2.8 src/log.c parse_logsrv(): `no log` forgets all, `log global` adds those of `global`
    once.
    """
    if directive.words[0] == "no":
        return []
    in_force = list(targets)
    arguments = directive.words[1:]
    if arguments == ("global",):
        return in_force + [target for target in context.global_log_targets if target not in in_force]
    if not arguments:
        context.note(directive, "log expects an address")
        return in_force
    address = _log_address(context, directive, arguments[0])
    if address is not None:
        in_force.append(LogTarget(address, _facility(arguments[1:]), directive.where))
    return in_force


def _log_address(context: Context, directive: Directive, text: str) -> Address | None:
    if text in _STREAMS:
        return Address("other", text, 0, text)
    if text.startswith(("ring@", "backend@")):
        return Address("other", text, 0, text)
    try:
        return parse_address(text, context.variables, default_port=_SYSLOG_PORT, datagram=True)
    except AddressError as error:
        context.note(directive, str(error))
        return None


def _facility(words: Sequence[str]) -> str:
    position = 0
    while position < len(words) and words[position] in {"len", "format", "sample", "profile"}:
        position += 2
    return words[position] if position < len(words) else ""
