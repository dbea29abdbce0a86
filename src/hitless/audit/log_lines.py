"""What a `log` line says beyond its address: the format of its lines, and from which level on they are kept.

Source: HAProxy 2.8 configuration.txt section 4.2 `log`; src/log.c parse_logsrv().
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.subject.places import config_line

if TYPE_CHECKING:
    from hitless.config.model import LogTarget, Proxy
    from hitless.subject import Subject

__all__ = ["LogLine", "has_format", "logged_frontends", "read_log_target", "split_log_words"]

_PAIRS = frozenset({"len", "format", "sample", "profile"})
_LEVELS = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
_FORMATS_OPTIONS = ("httplog", "httpslog", "tcplog")


@dataclass(frozen=True, slots=True)
class LogLine:
    """The words of a `log` line after its address."""

    form: str = ""
    """The argument of `format`; "" where there is none."""
    profile: str = ""
    level: str = ""
    """The most talkative level that is kept; "" without one (all)."""

    @property
    def hides_traffic(self) -> bool:
        """Requests and connections are logged at level info."""
        return self.level in _LEVELS and _LEVELS.index(self.level) < _LEVELS.index("info")


def read_log_target(subject: Subject, target: LogTarget) -> LogLine:
    """Return what the line of a log target says; an empty one where it is not in the files."""
    found = config_line(subject, target.where)
    pairs, words = split_log_words(found[0].line(found[1]).words[2:] if found else ())
    level = words[1] if len(words) > 1 else ""
    return LogLine(pairs.get("format", ""), pairs.get("profile", ""), level)


def split_log_words(words: tuple[str, ...]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return what stands behind a log line's address: options with a value, and the rest (facility, levels)."""
    pairs: dict[str, str] = {}
    while len(words) > 1 and words[0] in _PAIRS:
        pairs[words[0]] = words[1]
        words = words[2:]
    return pairs, words


def logged_frontends(subject: Subject) -> list[Proxy]:
    """Return the frontends for clients: HTTP or TCP, and not only the statistics page or an exporter."""
    return [proxy for proxy in subject.frontends if proxy.mode in {"http", "tcp"} and not _is_internal(proxy)]


def has_format(proxy: Proxy) -> bool:
    """Return whether the lines of a frontend say more than who connected."""
    own = any(d.keyword in {"log-format", "log-format-sd", "log-steps"} for d in proxy.directives)
    return own or any(name in proxy.options for name in _FORMATS_OPTIONS)


def _is_internal(proxy: Proxy) -> bool:
    serves = (
        proxy.servers or proxy.all("default_backend") or proxy.all("use_backend") or proxy.all("dispatch")
    )
    words = {word for d in proxy.directives for word in d.words}
    page = bool(proxy.all("stats", "uri") or proxy.all("stats", "enable")) or "prometheus-exporter" in words
    return (page and not serves) or bool(proxy.all("monitor-uri") and not serves)
