"""Build the typed view of a whole configuration from its trees."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hitless.config.active import ActiveSection, Diagnostics, read_active
from hitless.config.addresses import AddressError, parse_address
from hitless.config.conditions import Facts
from hitless.config.context import Context, read_bind, read_log_line
from hitless.config.environment import initial_variables
from hitless.config.model import Address, Bind, Directive, LogTarget, Model, NameServer, Proxy
from hitless.config.proxies import ProxyReader
from hitless.config.references import collect_references

if TYPE_CHECKING:
    from hitless.config.tree import ConfigFile

__all__ = ["build_model"]

_DNS_PORT = 53


def build_model(
    files: Sequence["ConfigFile"],
    *,
    environment: Mapping[str, str],
    version: tuple[int, ...] = (2, 8),
    features: frozenset[str] = frozenset(),
) -> Model:
    """Return what HAProxy would load from these files: conditionals decided, defaults inherited.

    `environment` is the service's; HAPROXY_LOCALPEER in it names the local peer, for which HAProxy takes the
    host name. `version` and `features` (names as `haproxy -vv` lists them) decide `.if`. What a configuration
    says never raises: see `Model.diagnostics`.
    """
    diagnostics = Diagnostics()
    names = tuple(file.filename for file in files)
    variables = initial_variables(environment, version)
    sections = read_active(files, Facts(variables, version, features), variables, diagnostics)
    builder = _Builder(Context(variables, diagnostics))
    for section in sections:
        builder.take(section)
    return builder.finish(names, sections)


class _Builder:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._proxy_reader = ProxyReader(context)
        self._global: list[Directive] = []
        self._proxies: list[Proxy] = []
        self._name_servers: list[NameServer] = []
        self._peers: list[Bind] = []
        self._stats_sockets: list[Bind] = []
        self._log_forwards: list[Bind] = []
        self._other_log_targets: list[LogTarget] = []

    def take(self, section: ActiveSection) -> None:
        if section.kind == "global":
            self._take_global(section)
        elif section.kind == "defaults":
            self._proxy_reader.read_defaults(section)
        elif section.kind in {"frontend", "backend", "listen"}:
            self._proxies.append(self._proxy_reader.read_proxy(section))
        elif section.kind == "peers":
            self._take_peers(section)
        elif section.kind == "resolvers":
            self._take_resolvers(section)
        elif section.kind == "ring":
            self._take_ring(section)
        elif section.kind == "log-forward":
            self._take_log_forward(section)

    def finish(self, names: tuple[str, ...], sections: Sequence[ActiveSection]) -> Model:
        binds = [
            *self._stats_sockets,
            *self._peers,
            *(bind for proxy in self._proxies for bind in proxy.binds),
            *self._log_forwards,
        ]
        return Model(
            files=names,
            global_=tuple(self._global),
            proxies=tuple(self._proxies),
            name_servers=tuple(self._name_servers),
            peers=tuple(self._peers),
            log_targets=(*self._context.global_log_targets, *self._other_log_targets),
            file_references=collect_references(sections, binds),
            stats_sockets=tuple(self._stats_sockets),
            log_forwards=tuple(self._log_forwards),
            diagnostics=tuple(self._context.diagnostics.entries),
        )

    def _take_global(self, section: ActiveSection) -> None:
        context = self._context
        for directive in section.directives:
            words = directive.words
            self._global.append(directive)
            if words[0] == "log" or words[:2] == ("no", "log"):
                context.global_log_targets = read_log_line(context, directive, context.global_log_targets)
            elif words[:2] == ("stats", "socket"):
                bind = read_bind(context, directive, words[2:])
                self._stats_sockets += [bind] if bind else []
            elif words[0] == "unix-bind" and "prefix" in words[:-1]:
                context.unix_prefix = words[words.index("prefix") + 1]

    def _take_peers(self, section: ActiveSection) -> None:
        """Take what a peers section listens on: its `bind` lines, or the address of the local peer."""
        local = self._context.variables.get(b"HAPROXY_LOCALPEER", b"").decode("utf-8", "surrogateescape")
        shared = tuple(w for d in section.directives if d.keyword == "default-bind" for w in d.words[1:])
        peers = [d for d in section.directives if d.keyword == "peer"]
        own = [d for d in peers if d.words[1:2] == (local,)]
        lines = [d for d in section.directives if d.keyword == "bind"] or own
        if peers and not lines:
            self._context.note(
                section.header, f"none of the peers is the local one ({local or 'name not given'})"
            )
        for directive in lines:
            words = directive.words[1:] if directive.keyword == "bind" else directive.words[2:3]
            bind = read_bind(
                self._context,
                directive,
                (*words[:1], *shared, *words[1:]),
                unix_prefix=self._context.unix_prefix,
            )
            self._peers += [bind] if bind else []

    def _take_log_forward(self, section: ActiveSection) -> None:
        """Take where a log-forward section receives (a bare address of `dgram-bind` is UDP), and where it sends to."""
        context = self._context
        for directive in section.directives:
            words = directive.words
            if "log" in words[:2]:
                self._other_log_targets = read_log_line(context, directive, self._other_log_targets)
            elif words[0] in {"bind", "dgram-bind"}:
                bind = read_bind(context, directive, words[1:], unix_prefix=context.unix_prefix)
                if bind is not None and words[0] == "dgram-bind":
                    datagram = (replace(a, kind="udp") if a.kind == "ip" else a for a in bind.addresses)
                    bind = replace(bind, addresses=tuple(datagram))
                self._log_forwards += [bind] if bind else []

    def _take_resolvers(self, section: ActiveSection) -> None:
        for directive in section.directives:
            words = directive.words
            if words[0] == "nameserver" and len(words) > 2:
                address = self._address(directive, words[2], _DNS_PORT)
                if address is not None:
                    self._name_servers.append(NameServer(section.name, address, directive.where))
            elif words[0] == "parse-resolv-conf":
                system = Address("other", "resolv.conf", _DNS_PORT, words[0])
                self._name_servers.append(NameServer(section.name, system, directive.where))

    def _take_ring(self, section: ActiveSection) -> None:
        for directive in section.directives:
            if directive.keyword == "server" and len(directive.words) > 2:
                address = self._address(directive, directive.words[2], 0, datagram=False)
                if address is not None:
                    self._other_log_targets.append(LogTarget(address, "", directive.where))

    def _address(
        self, directive: Directive, text: str, default_port: int, *, datagram: bool = True
    ) -> Address | None:
        try:
            return parse_address(text, self._context.variables, default_port=default_port, datagram=datagram)
        except AddressError as error:
            self._context.note(directive, str(error))
            return None
