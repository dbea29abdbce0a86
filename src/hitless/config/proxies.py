"""Proxies: frontend, backend, listen and what they inherit from defaults.

Source: HAProxy 2.8 src/cfgparse-listen.c, src/server.c _srv_parse_init() and _srv_parse_tmpl_range().
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from hitless.config.active import ActiveSection
from hitless.config.addresses import AddressError, parse_address
from hitless.config.context import Context, read_bind, read_log_line
from hitless.config.inheritance import inherits_directive, inherits_timeout, option_rivals, replacement_key
from hitless.config.model import Address, Bind, Directive, LogTarget, Proxy, Server, Timeout
from hitless.config.options import server_options
from hitless.config.templates import is_template
from hitless.units import parse_duration_s

__all__ = ["ProxyReader"]

_ADDRESSED = frozenset({"bind", "server", "server-template"})
_TEMPLATE_LIMIT = 100_000
_TEMPLATE_RANGE = re.compile(r"(\d{1,7})(?:-(\d{1,7}))?", re.ASCII)
_FROM = "from"


@dataclass(slots=True)
class _Draft:
    """A proxy or defaults section while its lines are read."""

    kind: str
    name: str
    where: str
    mode: str = "tcp"
    disabled: bool = False
    binds: list[Bind] = field(default_factory=list)
    servers: list[Server] = field(default_factory=list)
    timeouts: dict[str, Timeout] = field(default_factory=dict)
    options: dict[str, Directive] = field(default_factory=dict)
    directives: list[Directive] = field(default_factory=list)
    log_targets: list[LogTarget] = field(default_factory=list)
    default_server: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    defaults_where: str = ""

    def inherit(self, defaults: "_Draft") -> None:
        self.mode = defaults.mode
        self.disabled = defaults.disabled
        self.timeouts = {n: t for n, t in defaults.timeouts.items() if inherits_timeout(self.kind, n)}
        self.options = dict(defaults.options)
        self.directives = [d for d in defaults.directives if inherits_directive(self.kind, d)]
        self.log_targets = list(defaults.log_targets)
        self.default_server = defaults.default_server
        self.defaults_where = defaults.where

    def take_setting(self, directive: Directive) -> None:
        words = directive.words
        if words[0] == "option" and len(words) > 1:
            self.options = {n: d for n, d in self.options.items() if n not in option_rivals(words[1])}
            self.options[words[1]] = directive
        elif words[0] == "mode" and len(words) > 1:
            self.mode = words[1]
        elif words[0] in {"disabled", "enabled"}:
            self.disabled = words[0] == "disabled"
        else:
            self.directives.append(directive)

    def finish(self) -> Proxy:
        return Proxy(
            kind=self.kind,
            name=self.name,
            where=self.where,
            mode=self.mode,
            binds=tuple(self.binds),
            servers=tuple(self.servers),
            timeouts=self.timeouts,
            options=self.options,
            directives=_in_force(self.directives),
            log_targets=tuple(self.log_targets),
            defaults_where=self.defaults_where,
            disabled=self.disabled,
        )


class ProxyReader:
    """Reads sections in order, since a proxy inherits from the defaults section before it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._latest: _Draft | None = None
        self._named: dict[str, _Draft] = {}

    def read_defaults(self, section: ActiveSection) -> None:
        """Take a `defaults` section: it counts for what follows, or for those who name it."""
        words = section.header.words
        name = "" if words[1:2] == (_FROM,) else section.name
        draft = _Draft("defaults", name, section.header.where)
        parent = self._parent(section, words[words.index(_FROM) + 1 :]) if _FROM in words[1:3] else None
        self._fill(draft, parent, section)
        self._latest = draft
        if name:
            self._named[name] = draft

    def read_proxy(self, section: ActiveSection) -> Proxy:
        """Return a frontend, backend or listen section with what it inherits."""
        words = section.header.words
        if not section.name:
            self._context.note(section.header, f"'{section.kind}' expects a name")
        draft = _Draft(section.kind, section.name, section.header.where)
        parent = self._parent(section, words[3:]) if words[2:3] == (_FROM,) else self._latest
        self._fill(draft, parent, section)
        return draft.finish()

    def _parent(self, section: ActiveSection, names: tuple[str, ...]) -> _Draft | None:
        parent = self._named.get(names[0]) if names else None
        if parent is None:
            self._context.note(section.header, f"defaults section '{' '.join(names[:1])}' not found")
        return parent

    def _fill(self, draft: _Draft, parent: _Draft | None, section: ActiveSection) -> None:
        if parent is not None:
            draft.inherit(parent)
        if any(d.keyword in {"http-check", "tcp-check"} for d in section.directives):
            # A backend's own check rules replace the inherited set.
            draft.directives = [d for d in draft.directives if d.keyword not in {"http-check", "tcp-check"}]
        for directive in section.directives:
            self._take(draft, directive)

    def _take(self, draft: _Draft, directive: Directive) -> None:
        words = directive.words
        if words[0] in {"no", "default"} and len(words) > 1:
            self._take_back(draft, directive)
        elif words[0] in _ADDRESSED and is_template(words):
            self._context.note(directive, "the line of a template, not rendered")
        elif words[0] == "server":
            self._server(draft, directive)
        elif words[0] == "server-template":
            self._server_template(draft, directive)
        elif words[0] == "bind":
            bind = read_bind(self._context, directive, words[1:], unix_prefix=self._context.unix_prefix)
            draft.binds += [bind] if bind else []
        elif words[0] == "timeout":
            self._timeout(draft, directive)
        elif words[0] == "log":
            draft.log_targets = read_log_line(self._context, directive, draft.log_targets)
        else:
            if words[0] == "default-server":
                draft.default_server = self._server_options(draft, directive, 1)
            draft.take_setting(directive)

    def _take_back(self, draft: _Draft, directive: Directive) -> None:
        words = directive.words
        if words[1] == "option" and len(words) > 2:
            draft.options.pop(words[2], None)
        elif words[1] == "log":
            draft.log_targets = read_log_line(self._context, directive, draft.log_targets)
        else:
            self._context.note(directive, f"'{words[0]}' is supported for options and log only")

    def _timeout(self, draft: _Draft, directive: Directive) -> None:
        words = directive.words
        try:
            seconds = parse_duration_s(words[2])
        except (IndexError, ValueError):
            self._context.note(directive, "timeout expects a name and a duration")
            seconds = math.nan
        if len(words) > 1:
            draft.timeouts[words[1]] = Timeout(seconds, directive.where)

    def _server_options(
        self, draft: _Draft, directive: Directive, start: int
    ) -> Mapping[str, tuple[str, ...]]:
        options, unknown = server_options(directive.words[start:], draft.default_server)
        for word in unknown:
            self._context.note(directive, f"unknown keyword '{word}' on a server line")
        return options

    def _address(self, directive: Directive, text: str) -> Address | None:
        try:
            return parse_address(text, self._context.variables)
        except AddressError as error:
            self._context.note(directive, str(error))
            return None

    def _server(self, draft: _Draft, directive: Directive) -> None:
        words = directive.words
        if len(words) < 3:
            self._context.note(directive, "server expects a name and an address")
            return
        address = self._address(directive, words[2])
        if address is not None:
            options = self._server_options(draft, directive, 3)
            draft.servers.append(Server(words[1], address, options, directive.where))

    def _server_template(self, draft: _Draft, directive: Directive) -> None:
        words = directive.words
        span = _TEMPLATE_RANGE.fullmatch(words[2]) if len(words) > 3 else None
        if span is None:
            self._context.note(
                directive, "server-template expects a prefix, a number or range, and an address"
            )
            return
        low, high = (int(span[1]), int(span[2])) if span[2] else (1, int(span[1]))
        if high - low >= _TEMPLATE_LIMIT:
            self._context.note(
                directive, f"only the first {_TEMPLATE_LIMIT} of {high - low + 1} servers are taken"
            )
            high = low + _TEMPLATE_LIMIT - 1
        address = self._address(directive, words[3])
        if address is None:
            return
        first = Server("", address, self._server_options(draft, directive, 4), directive.where)
        draft.servers += (replace(first, name=f"{words[1]}{number}") for number in range(low, high + 1))


def _in_force(directives: list[Directive]) -> tuple[Directive, ...]:
    """Return the lines without those that a later line replaces."""
    return tuple(reversed(list(_latest_first(directives))))


def _latest_first(directives: list[Directive]) -> Iterator[Directive]:
    seen: set[tuple[str, ...]] = set()
    for directive in reversed(directives):
        key = replacement_key(directive)
        if not key or key not in seen:
            seen.add(key)
            yield directive
