"""Which formats the lines of a configuration's frontends have, and under which tags they are logged.

Source: HAProxy 3.2 doc/configuration.txt: `log-format`, `error-log-format`, `log-format-sd`, `log-tag`, `option
httplog`, `option tcplog`, `option httpslog`, section 8.3.5 (log profiles, 3.1).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hitless.config.model import Directive, Model, Proxy
from hitless.config.tree import ConfigFile
from hitless.explain.formats.compile import LineFormat, compile_format
from hitless.explain.formats.items import FormatError
from hitless.explain.formats.known import known_formats

__all__ = ["ConfiguredLogging", "FrontendLog", "read_configured_logging"]

_OPTIONS = {"httplog": "http", "tcplog": "tcp", "httpslog": "https"}
_LOGGED_MODES = frozenset({"http", "tcp"})


@dataclass(frozen=True, slots=True)
class FrontendLog:
    """What one frontend logs. `format_name` is "connect" for one without a format of its own."""

    frontend: str
    format_name: str
    where: str = ""
    tag: str = ""


@dataclass(frozen=True, slots=True)
class ConfiguredLogging:
    """The formats of a configuration, each once, that are not HAProxy's own."""

    formats: tuple[LineFormat, ...] = ()
    data_formats: tuple[LineFormat, ...] = ()
    """Of structured data (`log-format-sd`)."""
    error_formats: frozenset[str] = frozenset()
    """Names of those of `formats` that `error-log-format` gives."""
    programs: frozenset[str] = frozenset()
    """The tags of its lines, besides the name of the program."""
    frontends: tuple[FrontendLog, ...] = ()
    problems: tuple[str, ...] = ()
    """Formats that are not understood, as "FILE:LINE: why"."""


def read_configured_logging(model: Model, files: Sequence[ConfigFile] = ()) -> ConfiguredLogging:
    """Return how a configuration logs. `files` are its trees: log profiles are read from them."""
    reader = _Reader(model)
    for proxy in model.proxies:
        if proxy.kind in {"frontend", "listen"} and proxy.mode in _LOGGED_MODES:
            reader.take_proxy(proxy)
    for file in files:
        reader.take_profiles(file)
    tag = model.global_value("log-tag")
    if tag is not None and len(tag.words) > 1:
        reader.programs.add(tag.words[1])
    return ConfiguredLogging(
        formats=tuple(reader.formats.values()),
        data_formats=tuple(reader.data_formats.values()),
        error_formats=frozenset(reader.error_formats - {f.format_name for f in reader.frontends}),
        programs=frozenset(reader.programs),
        frontends=tuple(reader.frontends),
        problems=tuple(dict.fromkeys(reader.problems)),
    )


class _Reader:
    def __init__(self, model: Model) -> None:
        self._order = {filename: number for number, filename in enumerate(model.files)}
        self._known = {known.text: known.name for known in known_formats()}
        self.formats: dict[str, LineFormat] = {}
        self.data_formats: dict[str, LineFormat] = {}
        self.error_formats: set[str] = set()
        self.programs: set[str] = set()
        self.frontends: list[FrontendLog] = []
        self.problems: list[str] = []

    def take_proxy(self, proxy: Proxy) -> None:
        directive = self._last(self._naming(proxy))
        name, where = "connect", ""
        if directive is not None:
            where = directive.where
            name = self._format_of(directive)
        tags = [d.words[1] for d in proxy.all("log-tag") if len(d.words) > 1]
        self.programs.update(tags)
        for line in proxy.all("error-log-format"):
            self.error_formats.add(self._compile(line.words[1:2], line.where, self.formats))
        for line in proxy.all("log-format-sd"):
            self._compile(line.words[1:2], line.where, self.data_formats)
        self.frontends.append(FrontendLog(proxy.name, name, where, tags[-1] if tags else ""))

    def take_profiles(self, file: ConfigFile) -> None:
        """Take the formats of `log-profile` sections: any `log` line may use them."""
        for section in file.sections:
            if section.kind != "log-profile":
                continue
            for number in range(section.header + 1, section.stop):
                words = file.line(number).words
                if words[:1] == ("log-tag",):
                    self.programs.update(words[1:2])
                elif words[:1] == ("on",):
                    self._take_step(words[2:], file.where(number))

    def _take_step(self, words: Sequence[str], where: str) -> None:
        for keyword, table in (("format", self.formats), ("sd", self.data_formats)):
            if keyword in words:
                at = words.index(keyword) + 1
                self._compile(words[at : at + 1], where, table)

    @staticmethod
    def _naming(proxy: Proxy) -> Iterator[Directive]:
        """Yield the lines that say the format of a proxy's lines: the last one of them holds."""
        yield from (d for d in proxy.all("log-format") if len(d.words) > 1)
        yield from (proxy.options[name] for name in _OPTIONS if name in proxy.options)

    def _last(self, directives: Iterator[Directive]) -> Directive | None:
        return max(directives, key=lambda d: self._position(d.where), default=None)

    def _position(self, where: str) -> tuple[int, int]:
        """Return where a line stands; a defaults section stands before the proxies that use it."""
        filename, _, line = where.rpartition(":")
        return self._order.get(filename, 0), int(line) if line.isdecimal() else 0

    def _format_of(self, directive: Directive) -> str:
        if directive.keyword == "option":
            name = _OPTIONS[directive.words[1]]
            return f"{name}_clf" if directive.words[2:3] == ("clf",) else name
        return self._compile(directive.words[1:2], directive.where, self.formats)

    def _compile(self, words: Sequence[str], where: str, table: dict[str, LineFormat]) -> str:
        """Return the name of a format's parser, "" for one that is not understood."""
        if not words:
            return ""
        text = words[0]
        if text in self._known:
            return self._known[text]
        if text not in table:
            try:
                table[text] = compile_format(where, text)
            except FormatError as error:
                self.problems.append(f"{where}: {error}")
                return ""
        return table[text].name
